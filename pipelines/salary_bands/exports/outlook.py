"""What a refresh would make of the reports of one file: dispositions by the SQL that decides them, and their pay."""

from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from salary_bands.classify.plausible import usual_pay
from salary_bands.exports.chain import Chain
from salary_bands.settings import Settings
from salary_bands.storage.duck import add_table, in_memory, run_step
from salary_bands.vocabulary.dates import months_before

_STEPS = ("ranges", "identified_reports", "dated_reports", "deliveries", "single_reports", "scoped_reports")
_FEWEST = 10  # reports of a country and currency whose pay is compared

Document = dict[str, Any]


def dispositions(reports: pd.DataFrame, chain: Chain, is_dated: bool) -> list[Document]:
    """Count rows by disposition and reason, as far as this file alone decides them.

    is_dated: with the window of a release of today, and with the rejected rows and those that are left. Without, only
    accepted rows that do not count whatever the date.
    """
    today = datetime.now(UTC).date()
    as_of, start = (today, months_before(today, chain.settings.window_months)) if is_dated else (date.max, date.min)
    counts = _accepted(reports, chain, as_of, start)
    if is_dated:
        left = len(reports) - sum(rows for _, _, rows in counts)
        counts += [("used", "or an outlier", left)] if left else []
        skipped = ("out_of_scope", "skipped")
        rejected = [(("rejected", why) if why != "skipped" else skipped, n) for (_, why), n in chain.rejected.items()]
        sums: dict[tuple[str, str], int] = {}
        for key, rows in [*rejected, *(((d, r), n) for d, r, n in counts)]:
            sums[key] = sums.get(key, 0) + rows
        counts = [(d, r, n) for (d, r), n in sorted(sums.items())]
    return [{"disposition": d, "reason": r, "rows": n} for d, r, n in counts]


def _accepted(reports: pd.DataFrame, chain: Chain, as_of: date, start: date) -> list[tuple[str, str, int]]:
    facts: Document = {
        "export_number": 0,
        "source": "",
        "dating_group": "",
        "file": chain.file,
        "exported_on": chain.exported_on,
    }
    repeats = chain.opened.format.repeats
    with TemporaryDirectory() as spill, in_memory(Path(spill), chain.settings.memory_limit) as connection:
        delivery = chain.opened.format.delivery
        add_table(connection, "reports", reports.assign(**facts, delivery=delivery, repeats=repeats, is_newest=True))
        connection.execute('CREATE TABLE matched_duplicates (export_number BIGINT, "row" BIGINT)')
        dates = [as_of, start, chain.settings.window_months]
        connection.execute(
            "CREATE TABLE refresh AS SELECT ?::DATE AS as_of, ?::DATE AS window_start, ? AS window_months", dates
        )
        connection.execute("CREATE TABLE recency (age_months BIGINT, weight BIGINT)")
        for step in _STEPS:
            run_step(connection, f"window_reports/{step}")
        return connection.execute(
            "SELECT disposition, reason, count(*) FROM scoped_reports WHERE disposition IS NOT NULL "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()


def pay_by_country(reports: pd.DataFrame, settings: Settings) -> list[Document]:
    """Return annual USD of base pay, else of the total, by country and currency, most reports first.

    A warning says that the median is not what any labour market pays.
    """
    middle = (reports["base_min"] + reports["base_max"]) / 2
    pay = reports["base"].fillna(middle).fillna(reports["total"]).astype("float64")
    frame = pd.DataFrame({"country": reports["country"].fillna("unknown"), "currency": reports["currency"], "pay": pay})
    found = []
    for (country, currency), rows in frame.dropna(subset="pay").groupby(["country", "currency"])["pay"]:
        low, middle_pay, high = (round(float(q)) for q in rows.quantile([0.1, 0.5, 0.9]))
        found.append(
            {
                "country": country,
                "currency": currency,
                "reports": len(rows),
                "p10": low,
                "p50": middle_pay,
                "p90": high,
                "warning": _warning(str(country), middle_pay, len(rows), settings),
            }
        )
    return sorted(found, key=lambda row: (-row["reports"], row["country"], row["currency"]))


def _warning(country: str, middle: float, reports: int, settings: Settings) -> str | None:
    usual = usual_pay(country)
    if reports < _FEWEST or not middle:
        return None
    if usual is None:
        return None if 3_000 <= middle <= 600_000 else "is not what any country pays"
    factor = middle / usual
    if 1 / settings.implausible_factor < factor < settings.implausible_factor:
        return None
    return (
        f"is {factor:.1f} times what is usual there" if factor > 1 else f"is 1/{1 / factor:.1f} of what is usual there"
    )
