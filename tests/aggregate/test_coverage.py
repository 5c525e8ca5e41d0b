"""The worklist of what is unknown: what it costs, and what a near miss may have meant."""

from salary_bands.aggregate.coverage import coverage, too_little_known
from salary_bands.settings import Settings
from tests.builders.candidates import build
from tests.builders.exports import native_row, write_native


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
