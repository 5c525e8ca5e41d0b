"""Guess which of our columns each column of an unknown export is: by what its header says and what its values are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from salary_bands.exports.draft.names import PAY, any_of, named, says
from salary_bands.exports.draft.values import Column

_LEAST = 0.7  # of name and values together
_ON_TOP = ("bonus", "bonus_and_equity", "equity_annual", "equity_grant", "sign_on")
PERCENT = 100
_FULL = 1_000  # the median of a base that is in no larger unit


@dataclass(frozen=True)
class Guess:
    """One of our columns, the columns of the export that it is read from, how sure that is, and why."""

    name: str
    columns: tuple[Column, ...]
    score: float
    evidence: str


def guesses(columns: Sequence[Column]) -> list[Guess]:
    """Return the best guess for each of our columns, each column of the export once."""
    candidates = []
    for column in columns:
        if column.filled == 0:
            continue
        said = says(column.header)
        for name, looks in _LOOKS.items():
            by_name, (by_value, fact) = said.get(name, 0.0), looks(column)
            score = by_name + by_value
            if by_value > -1 and score >= _LEAST:
                # of equal ones the column with more cells, then the first
                key = (is_converted(column), -round(score + 0.1 * column.filled, 3), column.place, name)
                candidates.append((*key, column, by_name, fact))
    taken: set[int] = set()
    found: dict[str, Guess] = {}
    for _, negative, place, name, column, by_name, fact in sorted(candidates, key=lambda c: c[:4]):
        if name not in found and place not in taken:
            taken.add(place)
            why = [f"its header says so ({by_name:.0%})"] if by_name >= 0.3 else ["its header does not say"]
            found[name] = Guess(name, (column,), -negative, "; ".join([*why, fact] if fact else why))
    if {"base", "base_min", "base_max"} <= found.keys() and says(found["base"].columns[0].header)["base"] < 1:
        taken.discard(found.pop("base").columns[0].place)  # a range says it all; a third amount is something else
    for name in [n for n in found if is_too_small(n, found[n].columns[0], found)]:
        taken.discard(found.pop(name).columns[0].place)
    for name in _of_another_currency(found):
        taken.discard(found.pop(name).columns[0].place)
    if "job_title" not in found and (title := _likeliest_title(columns, taken)):
        found["job_title"] = title
        taken.add(title.columns[0].place)
    return _with_parts_of_places([*found.values()], columns, taken)


def fits(name: str, column: Column) -> bool:
    """True if the values of a column of pay are amounts."""
    return _LOOKS[name](column)[0] >= 0


def is_too_small(name: str, column: Column, found: dict[str, Guess]) -> bool:
    """True if what comes on top of the base has numbers like percentages, beside a base in thousands."""
    base = next((found[n].columns[0] for n in ("base", "base_min", "base_max", "total") if n in found), None)
    if name not in _ON_TOP or not base or not column.numbers or named("scale", column.header):
        return False
    return 0 < max(column.numbers) <= PERCENT and base.median > _FULL


def is_converted(column: Column) -> bool:
    """True if a header says that its amounts are in USD, which may be a conversion of another column of pay."""
    return any_of("converted", column.header)


def _of_another_currency(found: dict[str, Guess]) -> list[str]:
    """Return what does not go with the currency of the pay.

    Those are amounts in USD beside a column of currencies, or that column and its amounts if pay is in USD only.
    """
    converted = [n for n in PAY if n in found and is_converted(found[n].columns[0])]
    if "currency" not in found or not converted:
        return []
    if any(n in found and n not in converted for n in ("base", "base_min", "base_max", "total")):
        return converted
    return ["currency", *(n for n in PAY if n in found and n not in converted)]


def repeating_ids(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that their header calls an identity, and that cannot be one: their values repeat."""
    return [c for c in columns if c.filled and not c.is_unique and says(c.header)["submission_id"] >= _LEAST]


def _likeliest_title(columns: Sequence[Column], taken: set[int]) -> Guess | None:
    """Return the free column of which most values are jobs; a report cannot be without a title."""
    free = [c for c in columns if c.place not in taken and _title(c)[0] >= 0 and c.title >= 0.3]
    best = max(free, key=lambda c: (c.title, -c.place), default=None)
    why = "its header does not say; of the columns that are left most values are jobs"
    return Guess("job_title", (best,), best.title, f"{why} ({best.title:.0%})") if best else None


def _with_parts_of_places(found: list[Guess], columns: Sequence[Column], taken: set[int]) -> list[Guess]:
    """Join the other columns of places, such as a state beside a city, to the location."""
    result = []
    for guess in found:
        if guess.name == "location":
            others = [c for c in columns if c.place not in taken and _is_part_of_place(c)]
            parts = tuple(sorted((*guess.columns, *others), key=lambda c: (_breadth(c), c.place)))
            guess = Guess(guess.name, parts, guess.score, guess.evidence)
        result.append(guess)
    return result


def _is_part_of_place(column: Column) -> bool:
    return says(column.header)["location"] >= 0.6 and column.place_share > 0.5 and column.number < 0.1


def _breadth(column: Column) -> int:
    """Order a town before its state."""
    words = column.header.casefold()
    return 1 if any(w in words for w in ("state", "region", "province", "country", "bundesland", "uf")) else 0


Look = Callable[[Column], tuple[float, str]]


def _percent(share: float, what: str) -> str:
    return f"{share:.0%} of its values are {what}"


def _date(column: Column) -> tuple[float, str]:
    forms, share = column.date
    if share < 0.5 or (forms in (["year"], ["epoch"]) and share < 0.9):
        return -1, ""
    weight = 0.2 if forms == ["year"] else 0.75 if column.distinct > 0.3 * column.rows * column.filled else 0.5
    return weight * share, _percent(share, f"dates as {' or '.join(forms)}")


def _money(least: float, most: float, weight: float) -> Look:
    def look(column: Column) -> tuple[float, str]:
        share = max(column.number, column.range)
        if share < 0.5 or (column.date[1] > 0.9 and column.date[0] != ["year"] and column.number < 0.9):
            return -1, ""
        if not least <= column.median <= most and column.number >= column.range:
            return (-0.3 if column.median else -0.1), _percent(share, "amounts")
        fact = _percent(share, "ranges or amounts" if column.range > column.number else "amounts")
        return weight * share, f"{fact}, the median is {column.median:,.0f}" if column.numbers else fact

    return look


def _base(column: Column) -> tuple[float, str]:
    by_value, fact = _money(5, 2e8, 0.4)(column)
    if by_value > -1 and column.range > 0.3:
        return by_value + 0.3, _percent(column.range, "ranges of pay")
    return by_value, fact


def _small(least: float, most: float) -> Look:
    def look(column: Column) -> tuple[float, str]:
        if column.number < 0.5:
            return (-1, "") if column.share(lambda t: any(c.isdigit() for c in t)) < 0.6 else (0.0, "ranges of numbers")
        inside = sum(least <= n <= most for n in column.numbers) / len(column.numbers)
        return (0.3 * inside if inside > 0.9 else -1), _percent(inside, f"numbers from {least:g} to {most:g}")

    return look


def _share(attribute: str, what: str, least: float, weight: float) -> Look:
    def look(column: Column) -> tuple[float, str]:
        share: float = getattr(column, attribute)
        return (weight * share if share >= least else -1), _percent(share, what)

    return look


def _title(column: Column) -> tuple[float, str]:
    if column.number > 0.2 or column.words > 12 or column.level > 0.8 or column.date[1] > 0.5:
        return -1, ""
    weight = 0.95 if column.title >= 0.75 and column.words >= 1.5 else 0.7
    return weight * column.title, _percent(column.title, "jobs that are known")


def _text(column: Column) -> tuple[float, str]:
    return (-1 if column.number > 0.5 or column.date[1] > 0.8 or column.words > 15 else 0.2), ""


def _employer(column: Column) -> tuple[float, str]:
    if column.number > 0.5 or column.words > 6 or column.date[1] > 0.8 or column.country > 0.5:
        return -1, ""
    return 0.15 + 1.0 * column.employer, _percent(column.employer, "known employers")


def _id(column: Column) -> tuple[float, str]:
    if not column.is_unique or column.words > 1.5 or (column.date[1] > 0.9 and column.date[0] != ["epoch"]):
        return -1, ""
    return 0.2, f"{column.repeating:,} values repeat" if column.repeating else "no value repeats"


def _location(column: Column) -> tuple[float, str]:
    if column.number > 0.3 or column.level > 0.8:
        return -1, ""
    if column.country > 0.9:
        return 0.0, _percent(column.country, "countries")
    weight = 0.8 if column.place_share >= 0.8 else 0.6
    return weight * column.place_share, _percent(column.place_share, "places that are known")


def _level(column: Column) -> tuple[float, str]:
    if column.words > 5 or column.distinct > 0.6 * column.rows * column.filled > 12:
        return -1, ""
    weight = 0.95 if column.level >= 0.75 and column.distinct <= 30 else 0.5
    return (weight * column.level if column.level >= 0.3 else -0.1), _percent(column.level, "levels")


_LOOKS: dict[str, Look] = {
    "submission_id": _id,
    "submitted_at": _date,
    "job_title": _title,
    "employer": _employer,
    "level": _level,
    "years_experience": _small(0, 60),
    "location": _location,
    "country": _share("country", "countries", 0.7, 0.6),
    "employment": _share("employment", "kinds of employment", 0.3, 0.6),
    "hours_per_week": _small(0, 100),
    "currency": _share("currency", "currencies", 0.8, 0.9),
    "pay_period": _share("period", "pay periods", 0.5, 0.7),
    "base": _base,
    "base_min": _money(1, 2e8, 0.3),
    "base_max": _money(1, 2e8, 0.3),
    "bonus": _money(0, 2e8, 0.2),
    "equity_annual": _money(0, 2e8, 0.2),
    "equity_grant": _money(0, 2e8, 0.2),
    "bonus_and_equity": _money(0, 2e8, 0.2),
    "sign_on": _money(0, 2e8, 0.2),
    "total": _money(5, 2e9, 0.3),
    "occupation": _share("soc", "codes of occupations", 0.8, 0.9),
    "specialisation": _text,
    "skills": _text,
}
