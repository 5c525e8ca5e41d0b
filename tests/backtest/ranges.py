"""The range of one person's pay, tried on real reports: estimates as of a day against who reports in the months after.

The form of the ranges was chosen on the first days and is judged on the last one. Software engineers and data
scientists stand in for two specialisations in a second trial, which has people enough to be told apart.

`python -m tests.backtest.ranges --out docs/method.md` writes what was found.
"""

import math
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from salary_bands.aggregate.registry import make
from salary_bands.fingerprint import METHOD
from tests.backtest.options import options
from tests.backtest.people import compared, later_reports, share
from tests.backtest.splits import MONTHS_AFTER, months_after, put_stand_ins, settings_of, stood_in
from tests.builders import method_page
from tests.builders.candidates import build

CHOSEN_ON = ("2018-12-31", "2019-06-30", "2019-12-31")
JUDGED_ON = "2020-06-30"
LAST = "2020-12-31"
TRIALS = {"machine learning": False, "stand-ins": True}


def tried(data: Path, work: Path, say: Callable[[str], None]) -> pd.DataFrame:
    """Return a row per later report and metric, as `compared` does, with `until` and `trial`."""
    settings, found = settings_of("levels_fyi", data, work), []
    build(settings, LAST, ("window_reports",))
    every = work / "later.parquet"
    (settings.work / "candidate" / "window_reports.parquet").rename(every)
    for trial, stands_in in TRIALS.items():
        for until in (*CHOSEN_ON, JUDGED_ON):
            built = build(settings, until, ("window_reports",))
            if stands_in:
                put_stand_ins(built)
            for table in ("model_cells", "cell_figures", "bands", "estimates"):
                make(built.candidate, table)
            estimates, own = built.table("estimates"), built.table("window_reports")
            own = own[own["disposition"].eq("used") & own["leaf"].isin(estimates["group_id"])]
            known = {*own.loc[own["level"].notna() & own["country"].notna(), "employer"].dropna()}
            later = later_reports(every, until, months_after(date.fromisoformat(until), MONTHS_AFTER).isoformat())
            if stands_in:
                later = later.assign(leaf=stood_in(later["leaf"]))
            rows = compared(estimates, later, known)
            found.append(rows.assign(until=until, trial=trial))
            say(f"{trial}, {until}: {len(rows)} amounts, {rows['within_80'].mean():.1%} within P10 to P90")
    return pd.concat(found, ignore_index=True)


# what docs/method.md says of it -------------------------------------------------------------------------------------

OPEN, CLOSE = "<!-- ranges: method {method}, settings {digest} -->", "<!-- end of the ranges -->"
_PART = re.compile(r"<!-- ranges: .*? -->\n.*?" + re.escape(CLOSE), re.S)
HEADING, _BEFORE = "## How often the range of one person holds", "## The best answer"
AIM = (0.77, 0.83)
FEWEST = 40  # people that a row rests on
METRICS = ("base", "total")
_WORDS = {
    "seen": "employers that the model has seen",
    "unseen": "employers that it has not seen",
    "llm_general": "as software engineers",
    "nlp_classical": "as data scientists",
    "ml_generalist": "ML engineers",
}


def mark() -> str:
    """The first line: the declared method and the settings that the tables were made with."""
    return OPEN.format(method=METHOD, digest=method_page.settings_digest())


def inserted(page: str, part: str) -> str:
    """The page with its generated part replaced, or put under a heading before the best answer."""
    return method_page.inserted(page, part, _PART, HEADING, _BEFORE)


def section(rows: pd.DataFrame) -> str:
    """The generated part. rows: of `tried`."""
    own, all_of = (rows[rows["trial"].eq(trial)] for trial in TRIALS)
    return f"""{mark()}

Levels.fyi, fitted as of a day and judged on the reports of the half year after it: the share of people whose pay is
within P10 to P90, in brackets its 95 % interval by employer. The form was chosen on three days
({", ".join(CHOSEN_ON)}) and judged on the last, {JUDGED_ON}. The aim is {100 * AIM[0]:.0f} to {100 * AIM[1]:.0f} %;
bold is what misses it by more than chance. `python -m tests.backtest.ranges --out docs/method.md` makes this section.

**Machine learning itself:**

{_table(own)}

**With software engineers and data scientists as two more specialisations**, of whom there are enough to tell countries
and employers apart:

{_table(all_of)}

{_sentence(all_of)}

{CLOSE}"""


def _table(rows: pd.DataFrame) -> str:
    chosen, judged = rows[rows["until"].ne(JUDGED_ON)], rows[rows["until"].eq(JUDGED_ON)]
    head = ["people", "base: judged", "within", "days before", "total: judged", "within", "days before"]
    lines = [f"| {' | '.join(head)} |", "|---" + "|---:|---|---" * 2 + "|"]
    for name, of in _parts(judged):
        cells = []
        for metric in METRICS:
            now, then = (side[side["metric"].eq(metric) & of(side)] for side in (judged, chosen))
            cells += [f"{len(now):,}", _share(now), _share(then)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _parts(rows: pd.DataFrame) -> Iterator[tuple[str, Callable[[pd.DataFrame], pd.Series]]]:
    """Yield the name of some people and who of a frame they are, if any metric has enough of them."""
    yield "all", lambda side: pd.Series(True, side.index)
    for by in ("place", "country", "seen", "tier", "level", "leaf"):
        for value, part in rows.groupby(by):
            if (
                part["metric"].value_counts().max() >= FEWEST
                and rows[by].nunique() > 1
                and (by, value) != ("country", "US")
            ):
                yield _WORDS.get(str(value), str(value)), lambda side, by=by, value=value: side[by].eq(value)


def _share(rows: pd.DataFrame) -> str:
    if len(rows) < FEWEST:
        return "·"
    _, _, mean, low, high, _ = share(rows)
    text = f"{100 * mean:.0f} % ({100 * low:.0f} to {min(100 * high, 100):.0f})"
    return f"**{text}**" if high < AIM[0] or low > AIM[1] else text


def _sentence(rows: pd.DataFrame) -> str:
    """Say on which side people of unseen employers are outside."""
    unseen = rows[rows["seen"].eq("unseen") & rows["tier"].eq("T4")]
    said = []
    for metric in METRICS:
        part = unseen[unseen["metric"].eq(metric)]
        pay = part[metric].astype(float)
        said.append(
            f"for {metric} {100 * pay.lt(part['person_p10']).mean():.0f} % are below P10 and "
            f"{100 * pay.gt(part['person_p90']).mean():.0f} % above P90, and pay is "
            f"{100 * (1 - math.exp(part['error'].mean())):.0f} % less than the modelled median in the mean"
        )
    sides = ";\n".join(said)
    return (
        "People of employers that the model has not seen are outside at the low end. At T4, "
        f"{len(unseen):,} amounts of all four days:\n{sides}.\nMost reports are of large firms, which pay "
        "more, and a range for one more *report* follows them."
    )


def main() -> int:
    chosen = options("python -m tests.backtest.ranges", __doc__)
    if not (chosen.data / "levels_fyi").is_dir():
        print(
            f"nothing measured: {chosen.data} has no levels_fyi; the repository holds no real exports", file=sys.stderr
        )
        return 0
    with tempfile.TemporaryDirectory(prefix="salary-bands-ranges-") as work:
        part = section(tried(chosen.data, Path(work), lambda line: print(line, file=sys.stderr, flush=True)))
    chosen.out.write_text(inserted(chosen.out.read_text(encoding="utf-8"), part), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
