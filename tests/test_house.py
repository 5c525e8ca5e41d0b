"""The shape of the house: who may import what, one name everywhere, SQL and assets that say what they are."""

import ast
import subprocess
import sys
import tokenize
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from salary_bands.aggregate.checks import CHECKS
from salary_bands.orchestration import defs
from salary_bands.schemas import CANDIDATE_TABLES, RELEASE_TABLES, TABLES
from salary_bands.storage.sql import SQL
from tests.builders import ROOT

PACKAGE = ROOT / "pipelines" / "salary_bands"
MODULES = sorted(PACKAGE.rglob("*.py"))
GRAPH = defs.resolve_asset_graph()
ASSETS = sorted(key.to_user_string() for key in GRAPH.get_all_asset_keys())
MAX_CODE_LINES = 300
ORDER = (
    ("errors",),
    ("schemas", "sample"),
    ("reference",),
    ("settings",),
    ("storage",),
    ("releases",),
    ("vocabulary",),
    ("statistics", "fingerprint", "query"),
    ("ingest", "validate", "normalise", "classify"),
    ("exports",),
    ("aggregate",),
    ("gates", "publish"),
    ("distribute",),
    ("refresh",),
    ("orchestration",),
    ("cli",),
)
ROW_OF = {name: row for row, names in enumerate(ORDER) for name in names}
ALLOWED_IN = {
    "dagster": ("orchestration/",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "requests": ("ingest/exchange_rates.py", "distribute/remote.py"),
    "obstore": ("distribute/",),
    "cryptography": ("releases/signing.py", "releases/statement.py", "distribute/"),
}


def imported_modules(source: str) -> set[str]:
    """Full names of every module that the source imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "salary_bands":
                names |= {f"salary_bands.{alias.name}" for alias in node.names if alias.name != "__version__"}
            else:
                names.add(node.module)
    return names


def code_lines(path: Path) -> int:
    """Lines that hold code: no blank ones, comments or docstrings."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
    with path.open("rb") as stream:
        tokens = [t for t in tokenize.tokenize(stream.readline) if t.type not in {*silent, tokenize.ENDMARKER}]
    lines = {line for t in tokens for line in range(t.start[0], t.end[0] + 1)}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def package_of(module: str) -> str:
    """The package or loose module of ours that a dotted name is in: `salary_bands.storage.files` is in `storage`."""
    return [*module.split("."), ""][1]


def against_order(importer: str, module: str) -> bool:
    """Whether a module of package `importer` may not import `module`: it is in the same row or a later one."""
    own, other = (ROW_OF.get(name, len(ORDER)) for name in (importer, package_of(module)))
    return importer != package_of(module) and other >= own


@pytest.mark.parametrize("module", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_from_earlier_rows(module: Path) -> None:
    importer = module.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if importer == "pages" or importer.startswith("__"):
        return
    names = {name for name in imported_modules(module.read_text(encoding="utf-8")) if name.startswith("salary_bands.")}
    assert [name for name in sorted(names) if against_order(importer, name)] == []


@pytest.mark.parametrize(
    ("importer", "module", "is_against"),
    [
        ("storage", "salary_bands.errors", False),
        ("storage", "salary_bands.storage.files", False),
        ("aggregate", "salary_bands.publish.mart", True),
        ("validate", "salary_bands.normalise.reports", True),
        ("gates", "salary_bands.publish.pointers", True),
        ("cli", "salary_bands.pages.levels", True),
        ("exports", "salary_bands.validate.split", False),
    ],
)
def test_the_order_of_imports_is_seen_to_fail(importer: str, module: str, is_against: bool) -> None:
    assert against_order(importer, module) == is_against


def test_every_package_has_its_row() -> None:
    found = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert found | {p.stem for p in PACKAGE.glob("[!_]*.py")} == {*ROW_OF, "pages"}


@pytest.mark.parametrize(("library", "allowed"), ALLOWED_IN.items(), ids=ALLOWED_IN)
def test_a_library_is_imported_only_in_its_place(library: str, allowed: tuple[str, ...]) -> None:
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if library in {name.split(".")[0] for name in imported_modules(path.read_text(encoding="utf-8"))}
    ]
    assert users and [user for user in users if not user.startswith(allowed)] == []


@pytest.mark.parametrize(
    "source", ["import dagster as dg", "def f():\n    from dagster.utils import x", "import dagster.x"]
)
def test_an_import_is_seen_wherever_it_is(source: str) -> None:
    assert "dagster" in {name.split(".")[0] for name in imported_modules(source)}


@pytest.mark.slow
def test_reading_commands_do_not_import_dagster(small_world: Path, tmp_path: Path) -> None:
    marts = str(small_world / "marts")
    commands = [
        ["show", "--marts", marts],
        [
            "offer",
            "--group",
            "all",
            "--tier",
            "all",
            "--level",
            "all",
            "--market",
            "US",
            "--base",
            "1",
            "--marts",
            marts,
        ],
        ["releases", "--marts", marts],
        ["verify", "--marts", marts],
        ["classify", "NLP Engineer"],
        ["inspect", str(small_world / "raw" / "source" / "native.csv")],
        ["--help"],
    ]
    script = (
        "import sys\nfrom salary_bands.cli.commands import app\n"
        f"for command in {commands!r}:\n"
        "    try:\n        app(command)\n"
        "    except SystemExit as done:\n        assert not done.code, (command, done.code)\n"
        "    assert 'dagster' not in sys.modules, command\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("table", RELEASE_TABLES)
def test_a_release_table_has_one_name_everywhere(table: str) -> None:
    assert table in ASSETS
    assert (SQL / "marts" / f"{table}.sql").is_file()
    assert TABLES[table].__module__ == f"salary_bands.schemas.{table}"
    assert table.replace("_", "") == TABLES[table].__name__.casefold()


def test_every_table_has_an_asset_and_every_mart_query_a_table() -> None:
    assert set(ASSETS) >= {*TABLES, "release"}
    assert {p.stem for p in (SQL / "marts").glob("*.sql")} == {*CANDIDATE_TABLES, *RELEASE_TABLES}
    assert {p.stem for p in (SQL / "checks").glob("*.sql")} == set(CHECKS)


@pytest.mark.parametrize("asset", ASSETS)
def test_every_asset_says_what_it_is(asset: str) -> None:
    node = next(GRAPH.get(key) for key in GRAPH.get_all_asset_keys() if key.to_user_string() == asset)
    assert node.description and len(node.description) > 20
    assert node.group_name != "default"
    assert node.kinds


def test_every_check_sensor_and_schedule_says_what_it_is() -> None:
    repository = defs.get_repository_def()
    described = {s.name: s.description for s in [*repository.sensor_defs, *repository.schedule_defs]}
    assert set(described) >= {"new_exports", "stale_bands", "weekly"}
    described |= {key.name: GRAPH.get_check_spec(key).description for key in GRAPH.asset_check_keys}
    assert set(CHECKS) < set(described)
    assert all(described.values()), described


@pytest.mark.parametrize("module", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_is_no_longer_than_one_can_hold_in_mind(module: Path) -> None:
    assert code_lines(module) <= MAX_CODE_LINES


@pytest.mark.parametrize("package", sorted({m.parent for m in MODULES}), ids=lambda p: p.name)
def test_a_package_says_what_belongs_in_it(package: Path) -> None:
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert text
    assert package == PACKAGE or "does not belong here" in text.casefold()


def test_dagster_is_not_silently_an_old_one() -> None:
    assert tuple(map(int, version("dagster").split(".")[:2])) >= (1, 13)
    assert version("dagster-webserver") == version("dagster")


def test_the_workspace_names_the_definitions_and_pyproject_does_not_override_it() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    assert workspace["load_from"][0]["python_module"]["module_name"] == "salary_bands.orchestration"
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert not {"dagster", "dg"} & set(tools)


def test_every_slow_test_that_is_listed_is_there() -> None:
    listed = (ROOT / "tests" / "slow.txt").read_text(encoding="utf-8").split()
    assert listed == sorted(set(listed))
    for file, _, name in (line.partition("::") for line in listed):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), (file, name)
