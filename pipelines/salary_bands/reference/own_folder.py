"""The user's own reference folder: begin one, check it, and say what it changes."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salary_bands.errors import UsageError
from salary_bands.reference import FOLDER
from salary_bands.reference.documents import Document, Faulty
from salary_bands.reference.formats import Format, header_key, parse_format
from salary_bands.reference.overlay import key_of, own_document, own_rows, shown

SCHEMA = "format.schema.json"
_README = """# Reference data of our own

Laid over the reference data of `salary-bands` if `SALARY_BANDS_REFERENCE` (or `reference` in `salary_bands.toml`, or
`--reference`) names this folder. Keep it in your own repository.

- `formats/<name>.yaml`: formats of your sources. `salary-bands inspect FILE --write` drafts one. A file with the name
  of a built-in format replaces it. Begin a file with `# yaml-language-server: $schema=../format.schema.json`, and an
  editor knows the keys.
- `employers.csv`, `ladders.csv`, `markets.csv`, ...: rows with the columns of the built-in file, in any order; columns
  that you leave out are blank. All rows with the key of yours are replaced by yours.
- `leaf_rules.yaml`, `level_words.yaml`, `pay_words.yaml`, ...: keys that are merged; your items of a list come first.

`salary-bands reference check` says what is wrong, `salary-bands reference diff` what is changed.
"""


@dataclass(frozen=True)
class Change:
    """What the user's folder changes in one file. kind: new, replaced, added, unchanged."""

    file: str
    kind: str
    what: str


def format_schema() -> str:
    """Return the JSON Schema of a format, for editors."""
    schema = Format.model_json_schema(by_alias=True)
    short: list[dict[str, Any]] = [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    of = schema["$defs"]["Column"]["properties"]["from"]
    schema["$defs"]["Column"]["properties"]["from"] = {"anyOf": short, "description": of["description"]}
    schema["properties"]["columns"]["additionalProperties"] = {"anyOf": [*short, {"$ref": "#/$defs/Column"}]}
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A format of salary-bands", **schema}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def begin(folder: Path) -> list[Path]:
    """Make a reference folder with a readme and the JSON Schema of formats; leave what is there.

    Returns the files that were written.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder; name another one")
    (folder / "formats").mkdir(parents=True, exist_ok=True)
    wanted = {"README.md": f"{_README}\n{_columns()}", SCHEMA: format_schema()}
    written = []
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or name == SCHEMA:
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def _columns() -> str:
    """Return a table of the CSV files: the key of a row, and the columns."""
    lines = ["| file | key | columns |", "|---|---|---|"]
    for path in sorted(FOLDER.glob("*.csv")):
        columns = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        lines.append(f"| {path.name} | {', '.join(key_of(path.name, columns))} | {', '.join(columns)} |")
    return "\n".join(lines) + "\n"


def faults(folder: Path) -> list[str]:
    """Return a line for each thing that is wrong in a reference folder: file, line, key, cause."""
    found = []
    names: dict[str, str] = {}
    headers: dict[frozenset[str], str] = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".csv", ".yaml", ".yml") and p.is_file()):
        package = FOLDER / path.relative_to(folder)
        try:
            if path.parent.name == "formats" and path.suffix == ".yaml":
                found += _format_faults(path, names, headers)
            elif path.suffix == ".csv" and package.is_file():
                own_rows(path, package)
            elif path.suffix == ".yaml" and package.is_file():
                own_document(path, _package_document(package))
            else:
                found.append(f"{shown(path)}: is not a reference file; these are {', '.join(_known())}")
        except Faulty as fault:
            found += str(fault).splitlines()
    return found


def _format_faults(path: Path, names: dict[str, str], headers: dict[frozenset[str], str]) -> list[str]:
    """Return what is wrong with a format beside the others, whose names and headers are added."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return [f"{shown(path)}: cannot be read as UTF-8"]
    fmt = parse_format(text, shown(path))
    document = Document(text, shown(path))
    found = []
    for name in ("job_title", "currency"):
        if name not in fmt.columns and not (name == "currency" and fmt.amount("base").range_in_cell):
            found.append(document.fault(["columns"], f"{name} is missing; a report needs it"))
    if not {"base", "total", "base_min", "base_max"} & set(fmt.columns):
        found.append(document.fault(["columns"], "pay is missing: one of base, total, base_min, base_max"))
    if fmt.name in names:
        found.append(document.fault(["name"], f"{fmt.name} is the name of {names[fmt.name]} too; rename one"))
    names[fmt.name] = shown(path)
    for number, needed in enumerate(fmt.recognise):
        key = frozenset(map(header_key, needed))
        if key in headers:
            other = headers[key]
            found.append(document.fault(["recognise", number], f"{other} is recognised by the same headers; add one"))
        headers[key] = shown(path)
    return found


def _package_document(path: Path) -> Any:
    return Document(path.read_text(encoding="utf-8"), path.name).value


def _known() -> list[str]:
    names = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".csv", ".yaml"))
    return ["formats/<name>.yaml", *names]


def changes(folder: Path) -> list[Change]:
    """Return what a reference folder changes, file by file; raise UsageError if it has a fault."""
    if wrong := faults(folder):
        raise UsageError("\n".join(wrong))
    found = []
    for path in sorted((folder / "formats").glob("*.yaml")):
        package = FOLDER / "formats" / path.name
        kind = "replaced" if package.is_file() else "new"
        found.append(Change(f"formats/{path.name}", kind, _format_change(path, package)))
    for path in sorted(p for p in folder.glob("*") if (FOLDER / p.name).is_file()):
        if path.suffix == ".csv":
            found += _row_changes(path, FOLDER / path.name)
        elif path.suffix == ".yaml":
            package = _package_document(FOLDER / path.name)
            found += _key_changes(path.name, package, own_document(path, package).value)
    return found


def _format_change(path: Path, package: Path) -> str:
    fmt = parse_format(path.read_text(encoding="utf-8"), shown(path))
    if not package.is_file():
        return f"{fmt.title}: {len(fmt.columns)} columns"
    before = parse_format(package.read_text(encoding="utf-8"), package.name).model_dump()
    keys = [key for key, value in fmt.model_dump().items() if value != before[key]]
    return f"differs in {', '.join(keys)}" if keys else "says the same as the built-in one"


def _row_changes(path: Path, package: Path) -> list[Change]:
    columns = next(csv.reader(io.StringIO(package.read_text(encoding="utf-8"))))
    key = key_of(path.name, columns)
    with package.open(encoding="utf-8", newline="") as stream:
        before: dict[tuple[str, ...], list[dict[str, str]]] = {}
        for row in csv.DictReader(stream):
            before.setdefault(tuple(row[c] for c in key), []).append(row)
    after: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in own_rows(path, package):
        after.setdefault(tuple(row[c] for c in key), []).append(row)
    found = []
    for of, rows in after.items():
        old = before.get(of)
        kind = "added" if old is None else "unchanged" if old == rows else "replaced"
        differing = sorted({c for a, b in zip(old or [], rows, strict=False) for c in columns if a[c] != b[c]})
        text = "/".join(of) + (f": {', '.join(differing)}" if differing else "")
        found.append(Change(path.name, kind, text))
    return found


def _key_changes(name: str, package: Any, own: Any, path: str = "") -> list[Change]:
    found = []
    for key, value in own.items():
        where = f"{path}{key}"
        old = package.get(key)
        if old is None:
            found.append(Change(name, "added", where))
        elif isinstance(value, dict) and isinstance(old, dict):
            found += _key_changes(name, old, value, f"{where}.")
        elif isinstance(value, list) and isinstance(old, list):
            new = [item for item in value if item not in old]
            found.append(Change(name, "added" if new else "unchanged", f"{where}: {len(new)} items"))
        else:
            found.append(Change(name, "unchanged" if old == value else "replaced", where))
    return found
