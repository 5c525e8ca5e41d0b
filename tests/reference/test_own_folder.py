"""The user's own reference folder: what it adds and replaces, what is wrong in it, and what is read again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from salary_bands.errors import UsageError
from salary_bands.exports.inspect import inspect_file
from salary_bands.exports.stages import STAGE_TABLES, ExportStages
from salary_bands.fingerprint import OURS
from salary_bands.ingest.raw_folder import scan
from salary_bands.reference import lay_over, read_csv, read_yaml
from salary_bands.reference.formats import broken_formats, formats
from salary_bands.reference.own_folder import begin, changes, faults
from salary_bands.settings import load
from salary_bands.vocabulary.employers import match_employer
from salary_bands.vocabulary.titles import classify
from tests.builders.candidates import settings_at
from tests.builders.exports import native_row, write_native
from tests.builders.intake import run

SURVEY = """name: our_survey
title: Our survey
licence: ours
attribution: us
recognise: [[Stelle, Gehalt, Datum]]
columns: {job_title: Stelle, base: Gehalt, submitted_at: Datum, currency: {constant: EUR}}
"""


@pytest.fixture(autouse=True)
def _without() -> Iterator[None]:
    yield
    lay_over(None)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A reference folder that is laid over the package's."""
    begin(tmp_path / "own")
    lay_over(tmp_path / "own")
    yield tmp_path / "own"


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    lay_over(None)
    lay_over(path.parents[1] if path.parent.name == "formats" else path.parent)


def test_a_folder_that_has_begun_changes_nothing(own: Path) -> None:
    before = OURS.reference_digests(["employers.csv"])
    assert faults(own) == [] and changes(own) == []
    lay_over(None)
    begun = [*read_csv("employers.csv")]
    lay_over(own)
    assert [*read_csv("employers.csv")] == begun
    assert before == OURS.reference_digests(["employers.csv"])


def test_rows_of_ours_are_added_and_replace_all_rows_with_their_key(own: Path) -> None:
    write(own / "employers.csv", "tier,employer,aliases\nT3,Sample Works,SampleWorks Inc\nT4,01.AI,\n")
    assert match_employer("sampleworks inc").employer == "Sample Works"
    rows = {row["employer"]: row for row in read_csv("employers.csv")}
    assert rows["01.AI"]["tier"] == "T4" and rows["01.AI"]["ownership"] == ""
    assert {(c.kind, c.what.partition(":")[0]) for c in changes(own)} == {
        ("added", "Sample Works"),
        ("replaced", "01.AI"),
    }


def test_a_ladder_of_ours_replaces_the_whole_ladder(own: Path) -> None:
    write(own / "ladders.csv", "employer,level_name,level,source\nAccenture,X1,L5,ours\n")
    assert [row["level_name"] for row in read_csv("ladders.csv") if row["employer"] == "Accenture"] == ["X1"]


def test_keys_of_yaml_are_merged_and_our_items_come_first(own: Path) -> None:
    write(own / "leaf_rules.yaml", "rules:\n  - id: ours.gardener\n    leaf: ml_generalist\n    title: [gardener]\n")
    assert classify("Gardener").leaf == "ml_generalist"
    assert classify("Recruiter").leaf == "out_of_scope"
    write(own / "pay_words.yaml", "no_pay: [silence is golden]\n")
    assert "silence is golden" in read_yaml("pay_words.yaml")["no_pay"]
    assert "competitive" in read_yaml("pay_words.yaml")["no_pay"]


def test_the_version_of_the_reference_has_what_is_laid_over_it(own: Path) -> None:
    before = OURS.reference_version()
    write(own / "employers.csv", "employer,tier\nSample Works,T3\n")
    after = OURS.reference_version()
    assert before != after
    write(own / "formats" / "our_survey.yaml", SURVEY)
    assert OURS.reference_version() != after
    (own / "notes.csv").write_text("not,reference\n")
    assert "notes.csv" in faults(own)[0]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("employers.csv", "employer,tier\nA,T9\n", "line 2: tier 'T9' is not one of T1"),
        ("employers.csv", "employer,tear\nA,T4\n", "line 1: unknown column 'tear'"),
        ("employers.csv", "tier\nT4\n", "line 1: column employer is missing"),
        ("employers.csv", "employer,tier\nA\n", "line 2: has 1 cells"),
        ("employers.csv", "employer,tier\n,T4\n", "line 2: employer is blank"),
        ("markets.csv", "market,country,latitude\nxx-y,XX,north\n", "line 2: latitude 'north' is not a number"),
        ("ladders.csv", "employer,level_name,level\nA,1,all\n", "line 2: level 'all' is not one of L3"),
        ("pay_words.yaml", "sign: {}\n", "line 1: sign: unknown key"),
        ("pay_words.yaml", "no_pay: much\n", "line 1: no_pay: must be a list"),
        ("pay_words.yaml", "no_pay: [a\n", "is not YAML"),
        ("unheard_of.csv", "a\n", "is not a reference file"),
    ],
)
def test_a_fault_names_file_line_and_cause(own: Path, file: str, text: str, said: str) -> None:
    (own / file).write_text(text, encoding="utf-8")
    [fault] = faults(own)
    assert file in fault and said in fault
    with pytest.raises(UsageError, match="own/"):
        changes(own)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("licence: ours", "licence: !!str ours", "line 3: tags"),
        ("licence: ours", "licence: !!python/name:os.system", "line 3: tags"),
        ("base: Gehalt", "base: Gehalt, base: Datum", "line 6: base is already there in line 6"),
        ("base: Gehalt", "base: {from: Gehalt, pattern: '(?=a)b'}", "line 6: columns.base.pattern: cannot be used"),
        ("base: Gehalt", "base: {from: Gehalt, constant: '1'}", "needs exactly one of from, join, constant"),
        ("base: Gehalt", "bass: Gehalt", "line 6: columns.bass: no such columns: bass; ours are submission_id"),
        ("licence: ours", "license: ours", "line 3: license: unknown key; the keys here are name"),
        ("licence: ours", "delivery: daily", "line 3: delivery: Input should be 'append' or 'snapshot'"),
        ("title: Our survey", "dates: [DD.MM]\ntitle: x", "line 2: dates: 'DD.MM' is not one of iso"),
        ("title: Our survey", "encoding: utf-99\ntitle: x", "line 2: encoding: unknown encoding"),
        ("title: Our survey", "title: &t x\nblank: [*t, [*t]]", "line 3: blank.1: Input should be a valid string"),
        ("job_title: Stelle, ", "", "line 6: columns: job_title is missing"),
        ("base: Gehalt, ", "", "line 6: columns: pay is missing"),
    ],
)
def test_a_fault_of_a_format_names_line_and_key(own: Path, old: str, new: str, said: str) -> None:
    assert old in SURVEY
    (own / "formats" / "our_survey.yaml").write_text(SURVEY.replace(old, new), encoding="utf-8")
    assert [said in fault for fault in faults(own)].count(True) == 1, faults(own)


def test_anchors_that_multiply_are_refused(own: Path) -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]" for n in range(9)]
    (own / "formats" / "bomb.yaml").write_text("\n".join(levels), encoding="utf-8")
    assert faults(own) == [f"{own}/formats/bomb.yaml: its anchors multiply to over 100,000 values; write them out"]
    (own / "formats" / "bomb.yaml").write_text("a: &a [*a]", encoding="utf-8")
    assert "contains itself" in faults(own)[0] or "is not YAML" in faults(own)[0]


def test_two_formats_of_one_header_or_name_are_found(own: Path) -> None:
    (own / "formats" / "a.yaml").write_text(SURVEY, encoding="utf-8")
    (own / "formats" / "b.yaml").write_text(SURVEY, encoding="utf-8")
    said = faults(own)
    assert len(said) == 2 and "is the name of" in said[0] and "is recognised by the same headers" in said[1]


def test_a_new_format_reads_again_only_the_exports_that_it_concerns(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    write_native(settings.raw, [native_row(n) for n in range(5)])
    (settings.raw / "source" / "survey.csv").write_text(
        "Stelle,Gehalt,Datum\nML Engineer,90000,2026-06-01\n", encoding="utf-8"
    )
    native, survey = sorted(scan(settings.raw).exports, key=lambda e: e.file)
    stages = ExportStages.of(settings)
    for export in (native, survey):
        run(export, settings)
    assert stages.is_current(native) and stages.is_current(survey)
    rules = [stages.rules(export) for export in (native, survey)]

    begin(tmp_path / "own")
    (tmp_path / "own" / "formats" / "our_survey.yaml").write_text(SURVEY, encoding="utf-8")
    laid = load(raw=settings.raw, marts=settings.marts, work=settings.work, reference=tmp_path / "own")
    stages = ExportStages.of(laid)
    assert stages.is_current(native) and not stages.is_current(survey)
    assert [stages.rules(e) == r for e, r in zip((native, survey), rules, strict=True)] == [True, False]
    found = run(survey, laid)
    assert found.held is None and found.rows == 1

    path = tmp_path / "own" / "formats" / "our_survey.yaml"
    path.write_text(SURVEY.replace("title: Our", "title: Their"), encoding="utf-8")
    lay_over(None)
    lay_over(tmp_path / "own")
    assert stages.is_current(survey)  # how the source is called is not how it is read
    path.write_text(SURVEY + "colour: red\n", encoding="utf-8")
    lay_over(None)
    lay_over(tmp_path / "own")
    assert [b.file for b in broken_formats()] == [str(path)]
    assert "our_survey" not in {f.name for f in formats()}
    assert stages.is_current(native) and not stages.is_current(survey)
    broken = run(survey, laid)
    assert broken.held == "broken_format" and "line 7: colour: unknown key" in broken.line
    assert {stages.make(table, native)["held"] for table in STAGE_TABLES} == {None}
    lay_over(None)


def test_a_reference_that_is_no_folder_is_a_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder; make it with `salary-bands reference init`"):
        settings_at(tmp_path, reference=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("opening", "fault", "reason", "said"),
    [
        ("encoding: cp1251\ndelimiter: ';'\n", "colour: red\n", "broken_format", ": colour: unknown key"),
        ("encoding: cp1251\ndelimiter: ';;'\n", "", "broken_format", ": delimiter: String should have"),
        ("encoding: utf-99\ndelimiter: ';'\n", "", "unreadable_encoding", "cyrillic.yaml, line 7; `salary-bands"),
        ("encoding: cp1251\n", "blank: [\n", "unreadable_encoding", "cyrillic.yaml, line "),
        ("encoding: [cp1251]\n", "list_keys: {a: []}\n", "unreadable_encoding", "cyrillic.yaml, line 7; `salary"),
    ],
)
def test_a_broken_format_of_another_encoding_is_named(
    tmp_path: Path, opening: str, fault: str, reason: str, said: str
) -> None:
    begin(tmp_path / "own")
    header = "Должность" if ";;" in opening else "Должность, Зарплата"
    text = SURVEY.replace("Stelle", "Должность").replace("Gehalt", "Зарплата")
    lines = [f"recognise: [[{header}]]" if line.startswith("recognise") else line for line in text.splitlines()]
    path = tmp_path / "own" / "formats" / "cyrillic.yaml"
    path.write_text("\n".join(lines) + "\n" + opening + fault, encoding="utf-8")
    settings = settings_at(tmp_path, reference=tmp_path / "own")
    export = settings.raw / "answers.csv"
    delimiter = "," if ";;" in opening else ";"
    rows = ["Должность;Зарплата;Datum", "Инженер машинного обучения;90000;2026-06-01"]
    export.write_bytes("\n".join(rows).replace(";", delimiter).encode("cp1251"))
    held = inspect_file(export, settings)["held"]
    assert held["reason"] == reason and said in held["line"] and str(path) in held["line"]
    lay_over(None)
