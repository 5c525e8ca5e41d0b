"""The worklist of what is unknown: what it costs, and what a near miss may have meant."""

from typing import Any

from salary_bands.aggregate.coverage import coverage, too_little_known
from salary_bands.settings import Settings
from tests.builders.candidates import build
from tests.builders.exports import MODEL_EMPLOYERS, native_row, write_native


def test_what_is_unknown_is_ranked_by_the_reports_that_may_be_machine_learning(settings: Settings) -> None:
    rows = [native_row(n, employer="Ubter", job_title="Machine Learning Engineer") for n in range(6)]
    rows += [native_row(n, employer="Quux Dynamics", job_title="Data Analyst") for n in range(6, 26)]
    rows += [native_row(n, employer="Google", job_title="AI Consultant") for n in range(26, 30)]
    write_native(settings.raw, rows)
    build(settings)
    found = coverage(settings, 5)["unmatched"]
    shown = [
        (row["what"], row["unknown_text"], row["core_reports"], row["reports"], row["suggestion"]) for row in found
    ]
    assert shown[:3] == [
        ("employer", "Ubter", 6, 6, "Uber"),
        ("title", "AI Consultant", 4, 4, None),
        ("employer", "Quux Dynamics", 0, 20, None),
    ]
    assert found[2]["share"] == 20 / 30


def test_a_column_that_mostly_holds_no_value_is_a_warning(settings: Settings) -> None:
    write_native(settings.raw, [native_row(n, hours_per_week="100" if n < 9 else "40") for n in range(30)])
    build(settings)
    (line,) = [line for line in too_little_known(settings) if "hours_per_week" in line]
    assert "9 of 30 cells hold no value" in line


def test_ids_that_mean_other_people_in_a_later_export_are_a_warning(settings: Settings) -> None:
    def rows(moved: int, **cells: str) -> list[dict[str, Any]]:
        titles = ("Machine Learning Engineer", "Data Scientist", "NLP Engineer")
        who = [(n, titles[(n + moved) % 3], MODEL_EMPLOYERS[(n + moved) % 6]) for n in range(30)]
        return [native_row(n, job_title=title, employer=employer, **cells) for n, title, employer in who]

    write_native(settings.raw, rows(0), "numbered/2026q1.csv")
    write_native(settings.raw, rows(1, submitted_at="2026-06-01"), "numbered/2026q2.csv")
    write_native(settings.raw, rows(0, location="Boston, MA"), "kept/2026q1.csv")  # corrections keep the person
    write_native(settings.raw, rows(0, submitted_at="2026-06-01", location="Austin, TX"), "kept/2026q2.csv")
    write_native(settings.raw, rows(0)[:9], "few/2026q1.csv")
    write_native(settings.raw, rows(1, submitted_at="2026-06-01")[:9], "few/2026q2.csv")
    build(settings)
    (line,) = [line for line in too_little_known(settings) if "ids" in line]
    assert line.startswith("numbered/2026q2.csv: of 30 reports whose ids are in numbered/2026q1.csv too")
    assert "30 are other people's" in line and "`submission_id`" in line
