"""Pages name files, headings, modules and commands that exist; docs/architecture.md is the house."""

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer.main

from salary_bands.cli.commands import app
from tests.builders import ROOT

PACKAGE = ROOT / "pipelines" / "salary_bands"
MAP = ROOT / "docs" / "architecture.md"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
WRITTEN = ("data/marts", "data/work", "data/raw")  # by a refresh or by people
COMMANDS = typer.main.get_group(app).commands


def link_faults(page: Path, text: str) -> list[str]:
    """Links to files or headings that are missing."""
    faults = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, heading = target.partition("#")
        file = page.parent / name if name else page
        if "://" in target:
            continue
        if not file.exists():
            faults.append(f"{target}: no such file")
        elif heading and heading not in anchors(file.read_text(encoding="utf-8")):
            faults.append(f"{target}: no such heading")
    return faults


def anchors(text: str) -> set[str]:
    """The headings of a page as a link names them."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings}


def path_faults(text: str) -> list[str]:
    """Paths of the project that are missing; a placeholder such as `<table>` ends a path."""
    paths = re.findall(r"`((?:data|docs|pipelines|sql|tests)/[^`\s]*)`", text)
    return [p for p in paths if not p.startswith(WRITTEN) and not (ROOT / re.sub(r"[^/]*[<*].*", "", p)).exists()]


def module_faults(text: str) -> list[str]:
    """Modules that are missing, and names that their module lacks."""
    modules = re.findall(r"\b(?:python -m|from) ((?:salary_bands|tests)[\w.]*)", text)
    faults = [module for module in modules if not is_module(module)]
    for dotted in re.findall(r"`(salary_bands(?:\.\w+){2,})", text):
        module, _, name = dotted.rpartition(".")
        if not is_module(dotted) and not (is_module(module) and hasattr(import_module(module), name)):
            faults.append(dotted)
    return faults


def is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def command_faults(text: str) -> list[str]:
    """Commands and options of `salary-bands` that are missing."""
    faults = []
    code = re.findall(r"^```sh\n.*?^```|^    .+$|`[^`\n]+`", text.replace("\\\n", " "), re.M | re.S)
    for name, rest in re.findall(r"\bsalary-bands (\w+)([^#&`\n]*)", "\n".join(code)):
        if name not in COMMANDS:
            faults.append(name)
            continue
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts} | {"--help"}
        faults += [f"{name} {option}" for option in re.findall(r"--[a-z-]+", rest) if option not in known]
    return faults


def rows(text: str) -> list[set[str]]:
    """The packages of each row of the map, from top to bottom."""
    found: list[set[str]] = []
    for number, names in re.findall(r"^\| *(\d*) *\| (`\w+/?`(?:, `\w+/?`)*) \|", text, re.M):
        packages = set(re.findall(r"\w+", names))
        if number:
            found.append(packages)
        else:
            found[-1] |= packages
    return found


def imported(package: str) -> set[str]:
    """The packages of ours that a package imports."""
    path = PACKAGE / package
    modules = path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    nodes = [node for module in modules for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))]
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[1] for name in names if name.startswith("salary_bands.")} - {package}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_document_names_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [*link_faults(page, text), *path_faults(text), *module_faults(text), *command_faults(text)] == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[a](gone.md)", ["gone.md: no such file"]),
        ("[a](method.md#gone)", ["method.md#gone: no such heading"]),
        ("[a](method.md#offers) [b](https://example.org/#x)", []),
        ("`sql/marts/gone.sql` and `sql/marts/<table>.sql`", ["sql/marts/gone.sql"]),
        ("run `python -m tests.gone`", ["tests.gone"]),
        ("`salary_bands.publish.pull.pull(url, to)`", ["salary_bands.publish.pull.pull"]),
        ("`salary_bands.query.macros.gone()`", ["salary_bands.query.macros.gone"]),
        ("`salary_bands.query.macros.add_macros()`", []),
        ("`salary-bands gone`", ["gone"]),
        ("```sh\nsalary-bands show --gone   # --more\n```\n", ["show --gone"]),
        ("    salary-bands pull URL [--to DIR] && salary-bands verify --gone\n", ["verify --gone"]),
    ],
)
def test_what_does_not_exist_is_seen(text: str, faults: list[str]) -> None:
    page = ROOT / "docs" / "reading.md"
    assert [*link_faults(page, text), *path_faults(text), *module_faults(text), *command_faults(text)] == faults


def test_the_map_names_every_package_in_the_order_of_imports() -> None:
    found = rows(MAP.read_text(encoding="utf-8"))
    packages = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    modules = {p.stem for p in PACKAGE.glob("[a-z]*.py")}
    assert set().union(*found) == packages | modules
    above: set[str] = set()
    for row in found:
        assert {package: imported(package) - above for package in row} == {package: set() for package in row}
        above |= row


def test_the_map_names_every_folder_of_sql_and_every_file_of_the_package_that_it_sends_to() -> None:
    text = MAP.read_text(encoding="utf-8")
    assert {p.name for p in (ROOT / "sql").iterdir() if p.is_dir()} <= set(re.findall(r"`(\w+)/(?:<table>/)?`", text))
    paths = [p for p in re.findall(r"`([a-z_]+/[\w/]*(?:\.\w+)?)`", text) if not p.startswith(WRITTEN)]
    known = (PACKAGE, ROOT, ROOT / "sql")
    assert len(paths) > 40 and [p for p in paths if not any((folder / p).exists() for folder in known)] == []


def test_every_decision_is_dated_and_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(p for p in folder.glob("*.md") if p.name != "README.md")
    index = (folder / "README.md").read_text(encoding="utf-8")
    titles = {p.name: p.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for p in records}
    assert {name: title for title, name in re.findall(r"^- \[(.+)\]\((.+)\)$", index, re.M)} == titles
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.match(r"# .+\n\n\d{4}-\d{2}-\d{2}", text), record
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.M) == ["Context", "Decision", "Consequences"], record
