"""What to do if a structural check fails: the name of the check says nothing to who has to repair the night."""

import pandas as pd

from salary_bands.aggregate.plan import Plan
from salary_bands.aggregate.workspace import Workspace
from salary_bands.storage.sql import read_sql

_NUMBERS = {1: "one month", 12: "twelve months"}


def what_to_do(candidate: Workspace, check: str, rows: pd.DataFrame) -> str:
    """Return what is wrong with the candidate and how to fix it. rows: those that the check returned."""
    if check == "assert_some_report_is_used":
        return _nothing_used(candidate)
    about = read_sql(f"checks/{check}").splitlines()[0].removeprefix("-- ").rstrip(".")
    return (
        f"{len(rows):,} rows: {about[0].lower()}{about[1:]}; the exports are not at fault: delete "
        f"{candidate.settings.work} and refresh again, and report it if that does not help"
    )


def first_rows(rows: pd.DataFrame) -> str:
    """Return the first offending rows, for those who look into it."""
    return "; ".join("/".join(map(str, row)) for row in rows.head(3).itertuples(index=False, name=None))


def _nothing_used(candidate: Workspace) -> str:
    """Say why no report is in the bands: none in the window, or all of them for other reasons; and what is held."""
    plan = candidate.plan()
    with candidate.connection("window_reports") as connection:
        found = connection.execute(
            "SELECT max(report_date) AS newest, count(*) FILTER (disposition <> 'outside_window') AS inside"
            " FROM window_reports"
        ).fetchone()
    newest, inside = found or (None, 0)
    months = candidate.settings.window_months
    if inside:
        counts = candidate.frame("full_ledger").groupby("disposition")["rows"].sum().sort_values(ascending=False)
        what = "no report is used: " + ", ".join(f"{rows:,} {name}" for name, rows in counts.items())
        return f"{what}; `salary-bands coverage` lists what is not known{_held(plan)}"
    window = f"the {_NUMBERS.get(months, f'{months} months')} to {plan.as_of}"
    if newest is None:
        return f"no report lies in {window}, because no row is accepted; deliver an export that has some{_held(plan)}"
    return (
        f"no report lies in {window}; the newest is of {newest:%Y-%m-%d}; deliver newer exports, or refresh with "
        f"--as-of {newest:%Y-%m-%d}{_held(plan)}"
    )


def _held(plan: Plan) -> str:
    return "".join(f"; held: {s.file} because {s.held_reason} ({s.held_line})" for s in plan.files if s.held_line)
