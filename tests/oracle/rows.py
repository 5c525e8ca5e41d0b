"""The oracle's first half: what became of every accepted row, slow and obvious, over lists of dicts.

Where the method is silent: an advert of one figure has no range; of equal adverts and repeats the first delivered
stands; a person's reports in three sources are joined pair by pair, never two of one source, and the newest stands.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations
from statistics import median
from typing import Any

Report = dict[str, Any]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Export:
    """One export that was not held, with its rows of pay_reports; null is None."""

    source: str
    file: str
    sha256: str
    format: str
    exported_on: date
    delivery: str
    repeats: str
    rows: list[Report]


def window_reports(exports: Iterable[Export], as_of: date, settings: Any) -> list[Report]:
    """Every accepted row with its disposition, reason, date, weight and, for adverts, range and openings."""
    exports = list(exports)
    reports = [
        {**row, "export": export, "source": export.source, "file": export.file, "disposition": ""}
        for export in exports
        for row in export.rows
    ]
    _join_ranges(reports)
    _deliver(reports)
    _supersede(reports)
    _fold(reports)
    _date(reports, exports)
    _drop_duplicates(_live(reports), settings)
    _weigh(reports, as_of, settings)
    _expire(reports, settings)
    _leave_out_of_scope(_live(reports))
    _fence(_live(reports), [r for r in reports if r["expired_on"]], settings)
    for report in _live(reports):
        report.update(disposition="used", reason="")
    return reports


def _live(reports: list[Report]) -> list[Report]:
    return [r for r in reports if not r["disposition"]]


def by(reports: Iterable[Report], key: Callable[[Report], Hashable]) -> dict[Any, list[Report]]:
    groups = defaultdict(list)
    for report in reports:
        groups[key(report)].append(report)
    return groups


def _age_order(report: Report) -> tuple[Any, ...]:
    """Newest last: submitted_at, exported_on, file name, row hash, row."""
    export, at = report["export"], report["submitted_at"]
    return at is not None, at, export.exported_on, export.file, report["row_hash"], report["row"]


def _join_ranges(reports: list[Report]) -> None:
    """The first row of a pair carries the range; an advert of one figure has no range."""
    pair = by(reports, lambda r: (r["file"], r["row"] if r["range_id"] is None else r["range_id"]))
    for rows in pair.values():
        rows.sort(key=lambda r: r["row"])
        hashes = [r["row_hash"] for r in rows]
        bases = [r["base"] for r in rows if r["base"] is not None]
        for row in rows:
            row.update(identity=(min(hashes), max(hashes)), carries=row is rows[0])
            row.update(openings=1, base_min=None, base_max=None)
        if len(bases) > 1:
            low, high = min(bases), max(bases)
            rows[0].update(base_min=low, base_max=high, base=(low + high + 1) // 2)


def _deliver(reports: list[Report]) -> None:
    """When an equal row was first delivered, and when the source replaced or withdrew it: of equal rows the last."""
    histories: dict[Hashable, list[Report]] = defaultdict(list)
    for report in reports:
        export = report["export"]
        history: tuple[Any, ...] = (export.file, report["row"])
        if export.delivery == "snapshot":
            history = (export.source, export.format)
        elif report["submission_id"] is not None:
            history = (export.source, "", report["submission_id"])
        histories[history].append(report)
    for rows in histories.values():
        days = sorted({r["export"].exported_on for r in rows})
        is_snapshot = rows[0]["export"].delivery == "snapshot"
        times: Counter[Any] = Counter()
        same = defaultdict(list)
        for row in sorted(rows, key=lambda r: (r["export"].file, r["row"])):
            if is_snapshot:
                times[row["export"].file, row["identity"]] += 1
            same[row["identity"], times[row["export"].file, row["identity"]]].append(row)
        for equal in same.values():
            last = max(equal, key=lambda r: (r["export"].exported_on, r["export"].file, r["row"]))
            later = [day for day in days if day > last["export"].exported_on]
            for row in equal:
                row["delivered_on"] = min(r["export"].exported_on for r in equal)
                row["replaced_on"] = later[0] if row is last and later else None


def _expire(reports: list[Report], settings: Any) -> None:
    """The day from which a person's report, once good, no longer counts: it is past the window, or was replaced."""
    for report in reports:
        days = [months_before(report["report_date"], -settings.window_months)] if report["is_past"] else []
        if report["disposition"] == "superseded":
            days = [*days, report["replaced_on"]] if report["replaced_on"] else []
        good = report["evidence"] == "reported" and report["scope_reason"] is None
        good &= report["leaf"] not in ("out_of_scope", "unclassified") and report["weight"] > 0
        good &= report["disposition"] == "superseded" or report.get("reason") == "before_window"
        report["expired_on"] = min(days) if good and days else None


def _supersede(reports: list[Report]) -> None:
    snapshots = [r for r in reports if r["export"].delivery == "snapshot"]
    for rows in by(snapshots, lambda r: (r["source"], r["export"].format)).values():
        newest = max((r["export"].exported_on, r["file"]) for r in rows)
        for row in rows:
            if (row["export"].exported_on, row["file"]) != newest:
                row.update(disposition="superseded", reason="newer_snapshot")
    identified = [r for r in _live(reports) if r["submission_id"] is not None]
    for rows in by(identified, lambda r: (r["source"], r["submission_id"])).values():
        newest = max(rows, key=_age_order)
        for row in rows:
            if row is not newest:
                row.update(disposition="superseded", reason="newer_submission")


def _fold(reports: list[Report]) -> None:
    for row in _live(reports):
        if not row["carries"]:
            row.update(disposition="folded", reason="range_pair")
    adverts = [r for r in _live(reports) if r["evidence"] == "advertised"]
    for rows in by(adverts, lambda r: (r["source"], r["identity"])).values():
        _keep_one(rows, "same_advert")["openings"] = len(rows)
    repeats = [
        r
        for r in _live(reports)
        if r["evidence"] == "reported" and r["submission_id"] is None and r["export"].repeats == "fold"
    ]
    for rows in by(repeats, lambda r: (r["source"], r["identity"])).values():
        _keep_one(rows, "repeat")


def _keep_one(rows: list[Report], reason: str) -> Report:
    kept = min(rows, key=lambda r: (r["export"].exported_on, r["file"], r["row"]))
    for row in rows:
        if row is not kept:
            row.update(disposition="folded", reason=reason)
    return kept


def _date(reports: list[Report], exports: list[Export]) -> None:
    year_only = []
    for report in reports:
        if report["submitted_at"] is not None:
            report.update(report_date=report["submitted_at"].date(), date_basis="stated")
        elif report["submitted_year"] is None:
            report.update(report_date=report["export"].exported_on, date_basis="export")
        else:
            year_only.append(report)
    for history, rows in by(year_only, lambda r: _history(r["export"])).items():
        _date_within_year(rows, sorted({e.exported_on for e in exports if _history(e) == history}))


def _history(export: Export) -> tuple[str, ...]:
    """Snapshots of one source follow on each other; an appended export stands alone."""
    return export.source, export.format, "" if export.delivery == "snapshot" else export.file


def _date_within_year(reports: list[Report], snapshots: list[date]) -> None:
    seen = by(reports, lambda r: (r["submitted_year"], r["identity"]))
    first_seen = {key: min(r["export"].exported_on for r in rows) for key, rows in seen.items()}
    for (year, identity), rows in seen.items():
        with_it = first_seen[year, identity]
        first, last = date(year, 1, 1), date(year, 12, 31)
        if with_it != snapshots[0]:
            without_it = snapshots[snapshots.index(with_it) - 1]
            lower, upper = (min(max(day, first), last) for day in (without_it, with_it))
            day, basis = lower + (upper - lower).days // 2 * DAY, "midway"
        else:
            peers = sorted(i for (y, i), seen_on in first_seen.items() if (y, seen_on) == (year, with_it))
            days = max((min(last, with_it) - first).days + 1, 1)
            share = (peers.index(identity) + Fraction(1, 2)) / len(peers)
            day, basis = first + math.floor(share * days) * DAY, "spread"
        for row in rows:
            row.update(report_date=day, date_basis=basis)


def _drop_duplicates(reports: list[Report], settings: Any) -> None:
    """Across sources, nearest first, one to one; of reports of one person the newest stands."""
    same = ("employer", "level", "base", "equity", "bonus")
    known = [r for r in reports if r["country"] and all(r[name] is not None for name in same)]
    alike = by(known, lambda r: (r["evidence"], r["metro"] or r["country"], *(r[name] for name in same)))
    for rows in alike.values():
        pairs = []
        for a, b in combinations(sorted(rows, key=lambda r: (r["row_hash"], r["file"], r["row"])), 2):
            apart = abs((a["report_date"] - b["report_date"]).days)
            years = {a["years_experience"], b["years_experience"]} - {None}
            if a["source"] != b["source"] and apart <= settings.duplicate_days and len(years) <= 1:
                pairs.append((apart, a["row_hash"], b["row_hash"], len(pairs), a, b))
        people = [[row] for row in rows]
        for *_, a, b in sorted(pairs, key=lambda pair: pair[:4]):
            one, other = (next(p for p in people if any(r is row for r in p)) for row in (a, b))
            if not {r["source"] for r in one} & {r["source"] for r in other}:
                one.extend(other)
                people.remove(other)
        for person in people:
            for row in sorted(person, key=_age_order)[:-1]:
                row.update(disposition="duplicate", reason="other_source")


def _weigh(reports: list[Report], as_of: date, settings: Any) -> None:
    start = months_before(as_of, settings.window_months)
    for report in reports:
        day = report["report_date"]
        age = 12 * (as_of.year - day.year) + as_of.month - day.month
        inside = start < day <= as_of
        weight = max(1, round(2**20 * 0.5 ** (age / settings.half_life_months))) if day <= as_of else 0
        report.update(age_months=age, age_days=(as_of - day).days, weight=weight, is_past=day <= start)
        if not inside and not report["disposition"]:
            reason = "after_as_of" if day > as_of else "before_window"
            report.update(disposition="outside_window", reason=reason)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    year, month = divmod(12 * day.year + day.month - 1 - months, 12)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError


def _leave_out_of_scope(reports: list[Report]) -> None:
    for report in reports:
        if report["scope_reason"] is not None or report["leaf"] == "out_of_scope":
            report.update(disposition="out_of_scope", reason=report["scope_reason"] or "other_job")
        elif report["leaf"] == "unclassified":
            report.update(disposition="unclassified", reason="no_rule")


def _fence(reports: list[Report], expired: list[Report], settings: Any) -> None:
    for number, reason in fenced(reports, settings, expired).items():
        if number < len(reports):
            reports[number].update(disposition="outlier", reason=reason)
        else:
            expired[number - len(reports)].update(expired_on=None)


def fenced(reports: list[Report], settings: Any, expired: Iterable[Report] = ()) -> dict[int, str]:
    """By place in the list or, if a report has one, by its `row`: base_fence or total_fence of those too far away.

    The reference is tier, level and country, else level and country, else the country with levels taken out. Agreement
    with one's employer or leaf at that level in that country helps those within fence_agreed_factor. Expired reports
    are tested, and make no reference.
    """
    tested = [*reports, *expired]
    reasons: dict[int, str] = {}
    for metric in ("total", "base"):
        for evidence, paid in by([r for r in reports if r[metric] is not None], lambda r: r["evidence"]).items():
            tell = _references(paid, metric, settings)
            asked = [r for r in tested if r[metric] is not None and r["evidence"] == evidence]
            reasons |= {id(r): f"{metric}_fence" for r in asked if _is_outside(r, paid, metric, tell, settings)}
    known = all("row" in r and "file" not in r for r in reports)
    return {r["row"] if known else n: reasons[id(r)] for n, r in enumerate(tested) if id(r) in reasons}


def _is_outside(report: Report, paid: list[Report], metric: str, tell: Callable[..., Any], settings: Any) -> bool:
    bounds = tell(report)
    if bounds is None or abs(_log(report[metric]) - bounds[0]) <= bounds[1]:
        return False
    if abs(_log(report[metric]) - bounds[0]) > 65536 * math.log(settings.fence_agreed_factor):
        return True
    for name in ("employer", "leaf"):
        own = [
            _log(r[metric]) for r in paid if report[name] and all(r[n] == report[n] for n in (name, "level", "country"))
        ]
        near = 65536 * settings.fence_multiple * settings.fence_min_mad
        if len(own) >= settings.fence_agreeing_reports and abs(_log(report[metric]) - median(own)) <= near:
            return False
    return True


def _references(paid: list[Report], metric: str, settings: Any) -> Callable[[Report], tuple[float, float] | None]:
    """A function from a report to the middle and the reach of its reference, or to None."""
    fine, coarse = (
        {key: _bounds(rows, metric, settings) for key, rows in by(paid, lambda r, names=names: _key(r, names)).items()}
        for names in (("tier", "level", "country"), ("level", "country"))
    )
    countries = by(paid, lambda r: r["country"])
    middles = {
        country: median(_log(r[metric]) for r in rows)
        for country, rows in countries.items()
        if len(rows) >= settings.fence_min_reports
    }
    steps = by([r for r in paid if r["country"] in middles], lambda r: r["level"])
    effects = {level: median(_log(r[metric]) - middles[r["country"]] for r in rows) for level, rows in steps.items()}
    rest = {
        country: [_log(r[metric]) - effects.get(r["level"], 0) for r in rows]
        for country, rows in countries.items()
        if len(rows) >= settings.fence_min_country_reports
    }
    centres = {country: median(logs) for country, logs in rest.items()}
    distances = {country: [abs(y - centres[country]) for y in logs] for country, logs in rest.items()}
    usual = median([d for of in distances.values() for d in of]) if distances else 0.0

    def tell(report: Report) -> tuple[float, float] | None:
        for cells, names in ((fine, ("tier", "level", "country")), (coarse, ("level", "country"))):
            if found := cells.get(_key(report, names)):
                return found
        country = report["country"]
        if country not in rest:
            return None
        own = median(distances[country])
        wide = own if len(rest[country]) >= settings.fence_min_reports else max(own, usual)
        return centres[country] + effects.get(report["level"], 0), _reach(wide, settings)

    return tell


def _key(report: Report, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(report[name] for name in names)


def _log(pay: int) -> int:
    return round(65536 * math.log(pay / 100_000))


def _bounds(reports: list[Report], metric: str, settings: Any) -> tuple[float, float] | None:
    """Middle and reach; of pays within 3 % of each other the lowest count, one and up to a share of the others."""
    if len(reports) < settings.fence_min_reports:
        return None
    near = by(sorted(_log(r[metric]) for r in reports), lambda y: y // 2048)
    logs = [
        y
        for of in near.values()
        for n, y in enumerate(of, start=1)
        if n <= 1 + settings.fence_crowd_share * (len(reports) - len(of))
    ]
    middle = median(logs)
    return middle, _reach(median(abs(y - middle) for y in logs), settings)


def _reach(mad: float, settings: Any) -> float:
    return float(settings.fence_multiple * max(1.4826 * mad, 65536 * settings.fence_min_mad))
