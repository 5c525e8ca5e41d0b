"""Draft the YAML of a format, and the questions that the file does not answer."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

import yaml

from salary_bands.errors import escaped
from salary_bands.exports.draft.guess import Guess, guesses, repeating_ids
from salary_bands.exports.draft.left_out import ask_of_left_out
from salary_bands.exports.draft.names import PAY, any_of
from salary_bands.exports.draft.sniff import opened, sniff
from salary_bands.exports.draft.units import add_hours, add_vesting, currency_in, meaning_of
from salary_bands.exports.draft.values import BLANKS, Column
from salary_bands.ingest.containers import Way
from salary_bands.reference import read_yaml
from salary_bands.settings import Settings
from salary_bands.vocabulary.engagement import answered_scope
from salary_bands.vocabulary.levels import answered_level
from salary_bands.vocabulary.money_text import resolve_period, resolve_word
from salary_bands.vocabulary.rates import Rates

_ROWS = 3_000  # rows that are looked at
_TEXTS = 150  # distinct cells of a column
_USUAL = 40  # most frequent cells of a column
_SAMPLES = 3  # cells of a guess that the terminal shows
_CORE = ("submitted_at", "job_title", "currency", "base", "base_min", "base_max", "total", "level", "location")
_DATED = re.compile(r"(\d{4})([-_.]?)(\d{2})\2(\d{2})")
_DATED_MONTH = re.compile(r"(\d{4})[-_.](\d{2})(?!\d)")

Document = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A drafted format. text: its YAML, without cells of the export; those of `guesses` are for the terminal only."""

    name: str
    text: str
    guesses: list[Document]
    questions: list[str]
    not_mapped: list[str]


def draft_format(stream: BinaryIO, file: str, rates: Rates, settings: Settings) -> Draft:
    """Draft a format for a file; raise HeldExport if the file cannot be opened in any way."""
    way = sniff(stream, file, settings)
    columns = read_columns(stream, file, way, settings)
    return drafted(file, way, columns, rates)


def read_columns(stream: BinaryIO, file: str, way: Way, settings: Settings) -> list[Column]:
    """Read the header and the first rows of a file."""
    container = opened(stream, file, way, settings)
    cells: dict[str, list[str]] = {}
    rows = 0
    for block in container.blocks:
        part = block.head(_ROWS - rows)
        rows += len(part)
        for name in part.columns:
            cells.setdefault(name, []).extend(part[name].fillna("").tolist())
        if rows >= _ROWS:
            break
    columns = []
    for place, header in enumerate(container.header):
        texts = [" ".join(t.split()) for t in cells.get(str(place), [])]
        known = [t for t in texts if t and t.casefold() not in BLANKS]
        distinct = list(dict.fromkeys(known))
        sample = tuple(t[:200] for t in distinct[:: max(1, len(distinct) // _TEXTS)][:_TEXTS])
        usual = tuple(Counter(known).most_common(_USUAL))
        blanks = tuple(sorted({t for t in texts if t and t.casefold() in BLANKS}))
        columns.append(Column(place, header, sample, rows, len(known) / max(1, rows), len(distinct), usual, blanks))
    return columns


def drafted(file: str, way: Way, columns: Sequence[Column], rates: Rates) -> Draft:
    """Draft a format from the columns of a file."""
    found = {guess.name: guess for guess in guesses(columns)}
    name = re.sub(r"[^a-z0-9]+", "_", file.split(".")[0].casefold()).strip("_")[:40] or "source"
    evidence = _evidence(columns, found)
    questions = ["licence and attribution: who may use the data, and how is the source credited?"]
    document: Document = {
        "name": name,
        "title": file.split(".")[0],
        "licence": "say which",
        "attribution": "say whose",
        "recognise": [_needed(found, columns)],
        **_opening(way),
        "evidence": evidence,
    }
    if evidence == "reported" and not any_of("advert", " ".join(c.header for c in columns)):
        questions.append("evidence: taken as pay that people report; is it what employers advertise?")
    mapped: Document = {n: _source(guess, columns) for n, guess in found.items()}
    questions += _add_currency(mapped, found)
    money, period, more = meaning_of(found, mapped, rates)
    questions += more + add_vesting(mapped, found)
    add_hours(mapped, money, found)
    if period and "pay_period" not in found:
        mapped["pay_period"] = {"constant": period}
    if "submitted_at" in found:
        forms = found["submitted_at"].columns[0].date[0]
        document["dates"] = forms
        if found["submitted_at"].columns[0].is_order_of_days_open:
            questions.append(f"dates: read as {forms[0]}, which makes the shorter time; day and month may be swapped")
    questions += _add_date(document, found, file)
    numbers = [n for n in (*PAY, "hours_per_week") if n in found]
    decimals = {c.decimal for n in numbers for c in found[n].columns} - {"point"}
    if decimals:
        document["decimal"] = "comma" if decimals == {"comma"} else "either"
    if blanks := sorted({text for guess in found.values() for column in guess.columns for text in column.blanks}):
        document["blank"] = blanks
    levels, more = _levels(found)
    questions += more + _unknown_words(found) + _ask_for_identity(columns, found) + ask_of_left_out(columns, found)
    questions += [
        f"{n}: no column was found; which is it? Without it no report can be read."
        for n in ("job_title",)
        if n not in mapped
    ]
    if not {"base", "base_min", "total"} & set(mapped):
        questions.append("base: no column of pay was found; which is it?")
    document["columns"] = mapped
    document |= {"money": money} if money else {}
    document |= {"levels": levels} if levels else {}
    taken = {c.place for g in found.values() for c in g.columns}
    rest = [c.header for c in columns if c.place not in taken]
    return Draft(name, _yaml(document, found, questions, rest), _shown(found), questions, rest)


def _pays(found: dict[str, Guess]) -> list[str]:
    return [name for name in PAY if name in found]


def _opening(way: Way) -> Document:
    usual = Way()
    pairs = {
        "encoding": way.encoding if way.encoding != usual.encoding else None,
        "delimiter": way.delimiter if way.delimiter != usual.delimiter else None,
        "header_row": way.header_row,
        "sheet": way.sheet or None,
    }
    return {key: value for key, value in pairs.items() if value is not None}


def _needed(found: dict[str, Guess], columns: Sequence[Column]) -> list[str]:
    """Return the headers that a file of this format needs: of title, pay, date, currency, level and place."""
    headers = [c.header for n in _CORE if n in found for c in found[n].columns[:1]]
    return headers or [c.header for c in columns]


def _source(guess: Guess, columns: Sequence[Column]) -> Any:
    headers = [c.header for c in guess.columns]
    if len(headers) > 1:
        return {"join": headers}
    same = [c.place for c in columns if c.header.casefold().split() == headers[0].casefold().split()]
    if len(same) > 1:
        return {"from": headers[0], "place": same.index(guess.columns[0].place) + 1}
    return headers[0]


def _add_currency(mapped: Document, found: dict[str, Guess]) -> list[str]:
    """Add the currency that headers or signs in cells say, if it has no column."""
    if "currency" in found:
        return []
    pays = [c for n in _pays(found) for c in found[n].columns]
    places = [c for n in ("country", "location") if n in found for c in found[n].columns]
    code, why, is_sure = currency_in(pays, places, "occupation" in found)
    if code:
        mapped["currency"] = {"constant": code}
        return [] if is_sure else [f"currency: {why}, so it is taken as {code}; is every amount in {code}?"]
    return ["currency: neither a column nor a header says it; say `currency: {constant: ...}`"]


def _add_date(document: Document, found: dict[str, Guess], file: str) -> list[str]:
    """Add how the date of the export is read from its name, if its rows have no full date."""
    forms = found["submitted_at"].columns[0].date[0] if "submitted_at" in found else []
    if forms and forms != ["year"]:
        return []
    if _DATED.search(file):
        document["exported_on"] = {"file_name": r"(?P<year>\d{4})[-_.]?(?P<month>\d{2})[-_.]?(?P<day>\d{2})"}
        return []
    if _DATED_MONTH.search(file):
        document["exported_on"] = {"file_name": r"(?P<year>\d{4})[-_.](?P<month>\d{2})"}
        return []
    if re.search(r"(?:19|20)\d{2}", file):
        document["exported_on"] = {"file_name": r"(?P<year>(?:19|20)\d{2})"}
        return ["exported_on: the name has a year only; the end of that year is taken"]
    return ["exported_on: neither rows nor the file's name have a date; name the file like source_2026-06-30.csv"]


def _evidence(columns: Sequence[Column], found: dict[str, Guess]) -> str:
    headers = [c.header for c in columns]
    if sum(any_of("filing", h) for h in headers) >= 2:
        return "filed"
    is_advert = any(any_of("advert", h) for h in headers)
    is_range = {"base_min", "base_max"} <= set(found) or ("base" in found and found["base"].columns[0].range > 0.5)
    return "advertised" if is_advert or is_range else "reported"


def _levels(found: dict[str, Guess]) -> tuple[Document, list[str]]:
    """Map the texts of the level column that only its own scheme explains; ask for those that nothing explains."""
    if "level" not in found:
        return {}, []
    texts = found["level"].columns[0].texts
    usual = _usual_levels()
    open_ = [t for t in texts if not answered_level(t) and not answered_scope(t)]
    levels = {t: usual[t.casefold()] for t in open_ if t.casefold() in usual}
    if (unknown := len(_without_meaning("level", found["level"]))) and len(texts) <= 40:
        return levels, [f"levels: {unknown} texts of the level column mean no level yet; add them to `levels`"]
    return levels, []


def _unknown_words(found: dict[str, Guess]) -> list[str]:
    """Ask for the meaning of words of employment and pay period that are not known."""
    unknown = {n: len(_without_meaning(n, found[n])) for n in ("employment", "pay_period") if n in found}
    return [f"{name}: {n} of its texts are not known; add them to `values`" for name, n in unknown.items() if n]


def _without_meaning(name: str, guess: Guess) -> list[str]:
    """Return the texts of a column of known words that mean nothing yet."""
    known: dict[str, Callable[[str], object]] = {
        "level": lambda t: answered_level(t) or answered_scope(t) or t.casefold() in _usual_levels(),
        "employment": lambda t: resolve_word("employment", t),
        "pay_period": resolve_period,
    }
    return [text for text in guess.columns[0].texts if name in known and not known[name](text)]


def _usual_levels() -> dict[str, str]:
    return {str(k).casefold(): v for k, v in read_yaml("header_words.yaml")["levels"].items()}


def _ask_for_identity(columns: Sequence[Column], found: dict[str, Guess]) -> list[str]:
    """Ask about columns that are called an identity and repeat: the later of two rows with one replaces the earlier."""
    taken = {column.place for guess in found.values() for column in guess.columns}
    return [
        f"submission_id: {column.repeating:,} of {column.rows:,} rows repeat a value of "
        f"{' '.join(column.header.split())!r}, so it is not mapped: of rows with the same one only the newest would "
        "count; is it the identity of one report?"
        for column in ([] if "submission_id" in found else repeating_ids(columns))
        if column.place not in taken
    ]


def _shown(found: dict[str, Guess]) -> list[Document]:
    """Return each guess with its evidence and some cells, for the terminal."""
    return [
        {
            "column": name,
            "headers": [c.header for c in guess.columns],
            "score": round(min(guess.score, 1.5) / 1.5, 2),
            "evidence": guess.evidence,
            "samples": [*islice((t for c in guess.columns for t in c.texts), _SAMPLES)],
            "without_meaning": _without_meaning(name, guess)[:_USUAL],
        }
        for name, guess in found.items()
    ]


def _yaml(document: Document, found: dict[str, Guess], questions: Sequence[str], rest: Sequence[str]) -> str:
    """Write the format, with the evidence of each column, the questions and the columns that are not mapped."""
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    asked = "".join(
        f"# {line}\n" for line in ["Drafted by `salary-bands inspect`. Open questions:", *(f"- {q}" for q in questions)]
    )
    left = "".join(f"#   {escaped(' '.join(h.split()))}\n" for h in rest)
    schema = "# yaml-language-server: $schema=../format.schema.json\n"
    return f"{schema}{asked}{text}# not mapped; only what is mapped is ever read:\n{left}"
