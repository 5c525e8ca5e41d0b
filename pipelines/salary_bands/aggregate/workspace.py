"""The workspace of one candidate: the tables of a release before it is one, at WORK/candidate/."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow

from salary_bands import schemas
from salary_bands.aggregate.disclosure_key import PUBLIC, disclosure_key
from salary_bands.aggregate.inputs import add_inputs
from salary_bands.aggregate.plan import Plan
from salary_bands.errors import RefreshError
from salary_bands.fingerprint import digest
from salary_bands.settings import Settings
from salary_bands.storage.duck import add_file, add_parts, in_memory
from salary_bands.storage.files import checksum_of, read_sealed, sha256_of, write_json, write_sealed
from salary_bands.storage.parquet import read_table, write_table
from salary_bands.storage.parts import Parts
from salary_bands.storage.sql import read_sql

_BATCH = 250_000
_FEW_ROWS = 5_000  # up to so many reports, a step takes longer to hand out to threads than to do
FACTS = ("accepted_rows", "employer_correlation", "influence", "model", "pooling", "estimates", "coverage")


@dataclass(frozen=True)
class Workspace:
    """The candidate's folder, and DuckDB connections to its tables.

    name: the folder's name below the work folder; `restated` holds the previous release, recomputed.
    Beside every table is a record of what it was made from, and the checksum of its rows.
    """

    settings: Settings
    name: str = "candidate"

    @property
    def folder(self) -> Path:
        return self.settings.work / self.name

    @property
    def restated(self) -> "Workspace":
        """The workspace of the previous release as it reads today."""
        return Workspace(self.settings, "restated")

    @property
    def parts(self) -> Parts:
        return Parts(self.settings.work)

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"

    def plan(self) -> Plan:
        """The plan that the candidate is made from; raises RefreshError if there is none."""
        try:
            return Plan.from_json(json.loads((self.folder / "plan.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise RefreshError("nothing was aggregated in this work folder yet; run `salary-bands refresh`") from None

    def start(self, plan: Plan) -> None:
        """Begin a candidate for this plan."""
        write_json(self.folder / "plan.json", plan.to_json())

    def record(self, table: str) -> dict[str, Any]:
        """The `plan` of a table, what it was `made_from`, the `checksum` of its rows; empty if it is missing."""
        return read_sealed(self.path(table).with_suffix(".record.json")) or {}

    def has(self, table: str, made_from: str) -> bool:
        """Whether the table is there, whole, made from just that."""
        record = self.record(table)
        return record.get("made_from") == made_from and record.get("checksum") == checksum_of(self.path(table))

    def take(self, table: str, made_from: str, facts: tuple[str, ...]) -> bool:
        """Copy a table and its facts from the candidate if it has the table made from just that; say whether."""
        candidate = Workspace(self.settings)
        if self.folder == candidate.folder or not candidate.has(table, made_from):
            return False
        for path in (candidate.path(table), *(candidate.folder / f"{name}.json" for name in facts)):
            shutil.copyfile(path, self.folder / path.name)
        return True

    def write_record(self, table: str, plan: Plan, made_from: str) -> None:
        """Say of a table that is there that it belongs to the plan, and what it was made from."""
        record = {"plan": plan.fingerprint, "made_from": made_from, "checksum": sha256_of(self.path(table))}
        write_sealed(self.path(table).with_suffix(".record.json"), record)

    def remove(self, table: str) -> None:
        """Remove a table and its record, so that none is left if making it anew fails."""
        for path in (self.path(table).with_suffix(".record.json"), self.path(table)):
            path.unlink(missing_ok=True)

    def checksum(self, table: str, plan: Plan) -> str:
        """The checksum of a table's rows; of a table of the export stages, that of all counted parts."""
        if table in schemas.EXPORT_TABLES:
            return digest([[state.key, state.checksums.get(table, "")] for state in plan.counted])
        return str(self.record(table).get("checksum", ""))

    def frame(self, table: str) -> pd.DataFrame:
        """A table of the candidate as one frame."""
        return pd.concat([schemas.empty(table), *read_table(self.path(table), table)], ignore_index=True)

    def secret(self) -> bytes:
        """The disclosure key of the plan; raises RefreshError if it is no longer the one that the plan names."""
        plan = self.plan()
        key = disclosure_key(self.settings, plan.disclosure_key == PUBLIC)
        if key.id != plan.disclosure_key:
            raise RefreshError("the disclosure key changed during the refresh; run the refresh again")
        return key.secret

    def write_facts(self, name: str, facts: dict[str, Any]) -> None:
        """Keep figures that belong into the manifest under `method`."""
        write_sealed(self.folder / f"{name}.json", facts)

    def facts(self, name: str) -> dict[str, Any]:
        """The figures that `write_facts` kept under that name; if they are damaged, no table here counts any more."""
        path = self.folder / f"{name}.json"
        found = read_sealed(path)
        if found is None:
            for record in self.folder.glob("*.record.json"):
                record.unlink()
            raise RefreshError(f"{path} is missing or damaged; run the refresh again, which makes it anew")
        return found

    @contextmanager
    def connection(self, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open an in-memory connection with the inputs of the plan and a view per table.

        tables: of this candidate, or of the export stages; those are views over the parts of every counted export.
        Raises RefreshError if a table was made from another plan.
        """
        plan = self.plan()
        self.folder.mkdir(parents=True, exist_ok=True)
        threads = 1 if sum(state.rows for state in plan.counted) <= _FEW_ROWS else None
        with in_memory(self.settings.work / "spill", self.settings.memory_limit, threads) as connection:
            add_inputs(connection, plan, self.settings)
            for table in tables:
                self.add(connection, table, plan)
            yield connection

    def add(self, connection: duckdb.DuckDBPyConnection, table: str, plan: Plan) -> None:
        """Add a view of a table to a connection."""
        if table in schemas.EXPORT_TABLES:
            add_parts(connection, table, [self.parts.path(table, state.key) for state in plan.counted])
            return
        if self.record(table).get("plan") != plan.fingerprint:
            raise RefreshError(f"{table} was made by another refresh; materialise it again")
        add_file(connection, table, self.path(table))

    def write(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        """Write what `sql/marts/<table>.sql` selects, held to the table's contract; return the number of rows."""
        return write_table(self.path(table), table, selected(connection, table))

    def write_nothing(self, table: str) -> int:
        """Write the table without rows; return 0."""
        write_table(self.path(table), table, [schemas.empty(table)])
        self.write_record(table, self.plan(), "")
        return 0


def selected(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[pd.DataFrame]:
    """What `sql/marts/<table>.sql` selects, in chunks of the table's types."""
    reader = connection.sql(read_sql(f"marts/{table}")).to_arrow_reader(_BATCH)
    for batch in reader:
        yield schemas.to_pandas(pyarrow.Table.from_batches([batch]), table)
