"""A process that runs for long follows edits of reference data, SQL and code."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from salary_bands.fingerprint import PACKAGE
from tests.builders import ROOT
from tests.builders.exports import native_row, write_native

# what a code server of Dagster's does: sensors tick in one process, while somebody edits the package's files
SERVER = """
import sys
from pathlib import Path

import dagster as dg

from salary_bands.orchestration.automation import new_exports
from salary_bands.orchestration.resources import Pipeline
from salary_bands.reference import FOLDER
from salary_bands.reference.formats import format_named
from salary_bands.storage.sql import SQL
from salary_bands.vocabulary.employers import employer_facts
from salary_bands.vocabulary.titles import classify

copy, raw, marts, work, own = sys.argv[1:]
assert FOLDER.is_relative_to(copy) and SQL.is_relative_to(copy), "edits only a copy"
pipeline = Pipeline(raw=raw, marts=marts, work=work, others={"settle_seconds": 0, "reference": own})
instance = dg.DagsterInstance.ephemeral()


def tick():
    "The run key that the sensor asks for in a tick, and what the process knows after it."
    context = dg.build_sensor_context(instance, None, resources={"pipeline": pipeline})
    [request] = new_exports(context).run_requests
    tiers = employer_facts().set_index("employer")["tier"]
    return [request.run_key, format_named("native").title, tiers["01.AI"], classify("Gardener").leaf]


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, path
    path.write_text(text.replace(old, new), encoding="utf-8")


first = tick()
assert tick() == first
edits = [
    (FOLDER / "formats" / "native.yaml", "title: Native export", "title: The export\\nrepeats: fold"),
    (FOLDER / "employers.csv", "01.AI,Lingyi Wanwu,T3", "01.AI,Lingyi Wanwu,T4"),
    (FOLDER / "leaf_rules.yaml", "(driver|pilot|", "(driver|gardener|pilot|"),
]
for place, (path, old, new) in enumerate(edits, start=1):
    before = tick()
    edit(path, old, new)
    after = tick()
    changed = [a != b for a, b in zip(after, before)]
    assert changed == [n in (0, place) for n in range(4)], (path, before, after)
before = tick()
new = Path(own) / "formats" / "new.yaml"
keys = ["name: new", "title: N", "licence: l", "attribution: a", "recognise: [[x]]", "columns: {job_title: x, base: y}"]
new.write_text("\\n".join(keys))
assert tick() == before, "a format that this export does not need"
assert format_named("new").title == "N"
(Path(own) / "employers.csv").write_text("employer,tier\\n01.AI,T5\\n")
after = tick()
assert [a != b for a, b in zip(after, before)] == [True, False, True, False], after
before = after
edit(FOLDER.parent / "classify" / "reports.py", "import pandas as pd", "import pandas as pd\\n\\nEDITED = True")
assert tick()[0] != before[0]
"""
READERS = ("read_csv", "read_yaml", "formats", "format_named", "asked_claims", "leaf_tools")


def test_a_running_process_follows_edits(tmp_path: Path) -> None:
    for folder in ("pipelines/salary_bands", "sql"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    write_native(tmp_path / "raw", [native_row(1)])
    (tmp_path / "own" / "formats").mkdir(parents=True)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            SERVER,
            str(tmp_path),
            *(str(tmp_path / name) for name in ("raw", "marts", "work", "own")),
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "pipelines"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def kept_for_good(source: str) -> set[str]:
    """What a module keeps of reference data where no clearing of its functools caches reaches it."""
    tree = ast.parse(source)
    at_import = [n for s in tree.body if not isinstance(s, ast.FunctionDef | ast.ClassDef) for n in ast.walk(s)]
    calls = {ast.unparse(n.func) for n in at_import if isinstance(n, ast.Call)}
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n not in tree.body]
    inner = {
        f.name for f in functions if any("cache" in ast.unparse(d).split("(")[0].split("_") for d in f.decorator_list)
    }
    return calls & {*READERS} | inner


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_module_keeps_reference_data_for_good(module: Path) -> None:
    assert kept_for_good(module.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "source",
    [
        "NAMES = read_csv('x.csv')",
        "NAMES = {n: 1 for n in read_yaml('x')['names']}",
        "class A:\n    @cache\n    def names(self):\n        pass",
        "def f():\n    @lru_cache(maxsize=2)\n    def inner():\n        pass",
    ],
)
def test_what_is_kept_for_good_is_seen(source: str) -> None:
    assert kept_for_good(source)
    assert not kept_for_good(f"def f():\n    {source}" if "cache" not in source else "@cache\ndef f():\n    pass")
