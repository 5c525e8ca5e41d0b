"""What the values of a column look like: the share of its distinct cells that are a date, an amount, a place, ..."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from statistics import median

import pandas as pd

from salary_bands.validate.parse import parse_when
from salary_bands.vocabulary.employers import employer_facts, match_employer
from salary_bands.vocabulary.engagement import answered_scope
from salary_bands.vocabulary.gazetteer import country_of, name_key
from salary_bands.vocabulary.levels import answered_level
from salary_bands.vocabulary.money import resolve_currency
from salary_bands.vocabulary.money_text import Money, parse_money, resolve_period, resolve_word
from salary_bands.vocabulary.pay_ranges import Range, parse_range
from salary_bands.vocabulary.places import locate
from salary_bands.vocabulary.titles import UNCLASSIFIED, classify

DATE_FORMS = (
    "iso", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y", "%d/%m/%Y",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%m/%Y",
    "%b %Y",
    "%B %Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%m/%d/%y", "%d/%m/%y",
    "%d.%m.%y", "%d-%m-%y", "%d.%m.%y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %I:%M:%S %p %z", "%m/%d/%Y %I:%M:%S %p", "epoch", "epoch_ms", "year",
)  # fmt: skip
BLANKS = {"na", "n/a", "-", "--", "null", "none", "nan", "n.a.", ".", "—", "#n/a", "keine angabe", "k.a."}
_LEVEL = re.compile(
    r"(?:l|e|ic|m|t|g|p)-?\d{1,2}|en|mi|se|ex|entry|junior|jr|mid|middle|medium|senior|sr|lead|principal|staff|intern|"
    r"trainee|associate|regular|director|manager|architect|head|expert|c-level|(?:tech|team) ?lead(?:er)?|"
    r"(?:entry|mid|senior|junior)[- ]level",
    re.IGNORECASE,
)
_SOC = re.compile(r"\d{2}-\d{4}(?:\.\d{2})?")


@dataclass(frozen=True)
class Column:
    """A column of an unknown export. texts: its distinct cells, as far as they are looked at; filled: share of rows.

    usual: the most frequent cells with their rows. blanks: cells that stand for nothing, such as N/A."""

    place: int
    header: str
    texts: tuple[str, ...]
    rows: int
    filled: float
    distinct: int
    usual: tuple[tuple[str, int], ...] = ()
    blanks: tuple[str, ...] = ()

    def share(self, is_one: Callable[[str], object]) -> float:
        """Return the share of distinct cells of which something is true; of rows if there are few distinct cells."""
        if self.usual and self.distinct <= len(self.usual):
            return sum(rows for text, rows in self.usual if is_one(text)) / sum(rows for _, rows in self.usual)
        return sum(bool(is_one(text)) for text in self.texts) / len(self.texts) if self.texts else 0.0

    @cached_property
    def numbers(self) -> list[float]:
        """The amounts among the cells."""
        found = [parse_money(text, self.decimal) for text in self.texts]
        return [money.amount for money in found if isinstance(money, Money)]

    @cached_property
    def decimal(self) -> str:
        """The decimal mark of the cells that show which one they have."""
        comma = sum(bool(re.search(r"\d,\d{1,2}(?!\d)|\d\.\d{3}(?:\.\d{3})*(?:,|\D*$)", text)) for text in self.texts)
        point = sum(bool(re.search(r"\d\.\d{1,2}(?!\d)|\d,\d{3}(?:,\d{3})*(?:\.|\D*$)", text)) for text in self.texts)
        if comma and point and min(comma, point) > 0.05 * max(comma, point):
            return "either"
        return "comma" if comma > max(point, 1, 0.02 * len(self.texts)) else "point"

    @cached_property
    def number(self) -> float:
        """The share of cells that are one amount."""
        return len(self.numbers) / len(self.texts) if self.texts else 0.0

    @cached_property
    def ranges(self) -> list[Range]:
        """The ranges among the cells, those in which both ends are equal too."""
        found = [parse_range(text, self.decimal) for text in self.texts]
        return [r for r in found if isinstance(r, Range)]

    @cached_property
    def range(self) -> float:
        """The share of cells that are a range with two ends, or an amount with words around it."""
        wide = sum(r.low < r.high or bool(r.period) for r in self.ranges)
        return wide / len(self.texts) if self.texts else 0.0

    @property
    def median(self) -> float:
        return median(self.numbers) if self.numbers else 0.0

    @cached_property
    def date(self) -> tuple[list[str], float]:
        """The forms of dates that the cells have, and the share that these read."""
        left, forms, read = pd.Series(self.texts, dtype="str"), list[str](), 0
        while len(left) and len(forms) < 3:
            counts = {form: int(parse_when(left, [form])[1].notna().sum()) for form in _possible_forms(left)}
            most = max(counts.values(), default=0)
            if most < max(1, 0.05 * len(self.texts)):
                break
            form = max((f for f in counts if counts[f] == most), key=lambda f: -_span(left, f))  # the narrowest
            forms.append(form)
            known = parse_when(left, [form])[1].notna()
            read += int(known.sum())
            left = left[~known]
        return forms, read / len(self.texts) if self.texts else 0.0

    @property
    def is_order_of_days_open(self) -> bool:
        """True if every date can be read with the day and with the month first."""
        form = self.date[0][0] if self.date[0] else ""
        twin = form.translate(str.maketrans("dm", "md")) if form.startswith(("%d", "%m")) else ""
        if twin not in DATE_FORMS or twin == form:
            return False
        texts = pd.Series(self.texts, dtype="str")
        return bool(parse_when(texts, [twin])[1].notna().sum() >= parse_when(texts, [form])[1].notna().sum())

    @cached_property
    def currency(self) -> float:
        return self.share(lambda t: len(t) <= 25 and not t[:1].isdigit() and resolve_currency(t, "US"))

    @cached_property
    def country(self) -> float:
        return self.share(lambda t: len(t) < 50 and country_of(name_key(t)))

    @cached_property
    def place_share(self) -> float:
        return self.share(lambda t: not any(c.isdigit() for c in t) and locate(t).country)

    @cached_property
    def level(self) -> float:
        return self.share(lambda t: len(t) < 40 and (_LEVEL.fullmatch(t) or answered_level(t) or answered_scope(t)))

    @cached_property
    def title(self) -> float:
        return self.share(lambda t: len(t) > 3 and not t.isdigit() and classify(t).leaf != UNCLASSIFIED)

    @cached_property
    def employer(self) -> float:
        return self.share(lambda t: match_employer(t).employer in _listed())

    @cached_property
    def employment(self) -> float:
        return self.share(lambda t: resolve_word("employment", t))

    @cached_property
    def period(self) -> float:
        return self.share(lambda t: not t.isdigit() and len(t) > 1 and resolve_period(t))

    @cached_property
    def soc(self) -> float:
        return self.share(_SOC.fullmatch)

    @property
    def words(self) -> float:
        """The mean number of words of a cell."""
        return sum(len(t.split()) for t in self.texts) / len(self.texts) if self.texts else 0.0

    @property
    def repeating(self) -> int:
        """The rows with a cell that an earlier row has too."""
        return round(self.rows * self.filled) - self.distinct

    @property
    def is_unique(self) -> bool:
        """True if nearly no cell repeats, so that the column can say which report is which."""
        return self.filled > 0 and self.repeating <= 0.01 * round(self.rows * self.filled)


def _possible_forms(texts: pd.Series) -> list[str]:
    """Return the forms of which some text has all marks and three digits: most columns hold no dates, and to try a form
    on a column costs milliseconds."""
    marks = [set(text) for text in texts if sum(c.isdigit() for c in text) >= 3]
    needed = {form: set(re.sub(r"%.|\s", "", form)) if "%" in form else set[str]() for form in DATE_FORMS}
    return [form for form in DATE_FORMS if any(needed[form] <= of for of in marks)]


def _span(texts: pd.Series, form: str) -> float:
    """Return the days from the first to the last of the dates: of two readings the narrower one is right."""
    when = parse_when(texts, [form])[0].dropna()
    return float((when.max() - when.min()).days) if len(when) else 0.0


@cache
def _listed() -> frozenset[str]:
    return frozenset(employer_facts()["employer"])
