"""The figures of a candidate as one hash: equal figures on one date are one release."""

import hashlib
import io
from collections.abc import Mapping
from typing import Any

import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as pq

from salary_bands.aggregate.plan import Plan
from salary_bands.aggregate.workspace import Workspace
from salary_bands.fingerprint import digest
from salary_bands.publish.artefacts.views import view_documents
from salary_bands.releases.documents import Document
from salary_bands.schemas import RELEASE_TABLES
from salary_bands.storage.files import read_sealed, write_sealed

_KNOWN = "figures.json"
_NOT_FIGURES = ("release", "as_of", "method_version")
_NOT_COUNTED = ("held", "same_bytes")  # a broken delivery and a copy change no figure


def figures_digest(candidate: Workspace, views: Mapping[str, Document] | None = None) -> str:
    """SHA-256 of the rows of the release's tables and of what sites read of them.

    views: the documents of its views by path, if they are made already.

    Names of the release, its date and its method do not count, nor does `changes`, nor do rows of the ledger that are
    held or are copies of others.
    """
    tables = {name: _rows_digest(candidate, name) for name in RELEASE_TABLES if name != "changes"}
    documents = views or dict(view_documents({}, candidate.folder))
    return digest([tables, {path: document["groups"] for path, document in documents.items()}])


def _rows_digest(candidate: Workspace, name: str) -> str:
    path = candidate.path(name)
    table = pq.read_table(path, columns=[n for n in pq.read_schema(path).names if n not in _NOT_FIGURES])
    if name == "ledger":
        for column in ("disposition", "reason"):
            table = table.filter(pc.invert(pc.is_in(table[column], pyarrow.array(_NOT_COUNTED))))
    # ratios count to seven digits: past fifteen they differ between versions of DuckDB
    kinds = [(f.name, pyarrow.float32() if f.type == pyarrow.float64() else f.type) for f in table.schema]
    plain = table.cast(pyarrow.schema(kinds)).combine_chunks()
    sink = _Hash()
    with pyarrow.ipc.new_stream(pyarrow.PythonFile(sink, mode="w"), plain.schema) as writer:
        writer.write_table(plain)
    return sink.sha256.hexdigest()


class _Hash(io.RawIOBase):
    """A stream that hashes what is written, so that no table is in memory twice."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.sha256.update(content)
        return len(content)


def remember_figures(candidate: Workspace, figures: str) -> None:
    """Keep the figures of a candidate beside its tables, so that the next refresh need not build them to know them."""
    write_sealed(candidate.folder / _KNOWN, {"fingerprint": candidate.plan().fingerprint, "figures": figures})


def known_figures(candidate: Workspace, plan: Plan) -> str:
    """Return the figures of a plan if its candidate was built before, else an empty text."""
    known = read_sealed(candidate.folder / _KNOWN) or {}
    return str(known["figures"]) if known.get("fingerprint") == plan.fingerprint else ""
