"""Questions on columns that a draft leaves out, although they seem to say when, what or how somebody is paid."""

from collections.abc import Sequence

from salary_bands.exports.draft.guess import PERCENT, Guess, fits, is_too_small
from salary_bands.exports.draft.names import PAY, any_of, plain_words, says, share_of
from salary_bands.exports.draft.values import Column
from salary_bands.vocabulary.money_text import resolve_period

_FEW = 20  # distinct cells of a column that says how to read another one
_LIKELY = 0.6


def ask_of_left_out(columns: Sequence[Column], found: dict[str, Guess]) -> list[str]:
    """Return questions on the columns that no guess has taken: what each seems to be, and what to do."""
    taken = {column.place for guess in found.values() for column in guess.columns}
    return [
        question
        for column in columns
        if column.filled and column.place not in taken
        for question in (
            *_ask_for_date(column, found),
            *_ask_for_another_unit(column, found),
            *_ask_for_words(column, found),
            *_ask_for_twin(column, found),
        )
    ]


def _named(column: Column) -> str:
    return repr(" ".join(column.header.split()))


def _ask_for_date(column: Column, found: dict[str, Guess]) -> list[str]:
    is_date = says(column.header)["submitted_at"] >= _LIKELY and column.share(_has_digit) > 0.5
    if "submitted_at" in found or not is_date:
        return []
    return [
        f"submitted_at: {_named(column)} seems to be the date, but its cells are in no form that is known, so it is "
        "not mapped and every report has the date of the export; map it, and add its form to `dates`"
    ]


def _ask_for_another_unit(column: Column, found: dict[str, Guess]) -> list[str]:
    """Ask about percentages of pay and about amounts that are too small beside the base."""
    if name := share_of(column.header):
        return [_percentage(name, column)]
    name = next((n for n in PAY if n not in found and says(column.header)[n] >= _LIKELY), None)
    if name and column.share(lambda text: text.endswith("%")) > 0.5:
        return [_percentage(name, column)]
    if name and is_too_small(name, column, found):
        return [
            f"{name}: {_named(column)} has no number above {PERCENT} beside pay in thousands, so it is not mapped; are "
            f"they percentages? If they are amounts, map it and say `money.{name}.scale`"
        ]
    return []


def _percentage(name: str, column: Column) -> str:
    return (
        f"{name}: {_named(column)} seems to be a percentage of pay, which no format reads, so it is not mapped and the "
        f"{name} is unknown; add a column of amounts to the export if you need it"
    )


def _ask_for_words(column: Column, found: dict[str, Guess]) -> list[str]:
    """Ask about a few words that say of each row whether its pay is net, and of which period it is."""
    if column.distinct > _FEW or column.number > 0.5:
        return []
    questions = []
    is_net, is_period = column.share(_says_net), column.share(_says_period)
    if is_net and is_net + column.share(lambda text: any_of("gross", text)) > 0.5:
        questions.append(
            f"net: {_named(column)} seems to say which rows are after tax, and is not read; leave those rows out with "
            "`skip_where`"
        )
    if "pay_period" not in found and is_period > 0.5:
        questions.append(
            f"pay_period: {_named(column)} seems to say the period of each row, and is not read; map it, with `values` "
            "for words that are not known"
        )
    return questions


def _ask_for_twin(column: Column, found: dict[str, Guess]) -> list[str]:
    """Ask which of two columns is the one, if both are amounts and their headers say the same kind of pay."""
    name = next((n for n in PAY if n in found and says(column.header)[n] >= _LIKELY and fits(n, column)), None)
    if not name or any_of("converted", column.header):
        return []
    read = found[name].columns[0]
    if plain_words(read.header) == plain_words(column.header):
        return [
            f"{name}: several columns are named {_named(column)}; is the right one read? `place` counts from the left"
        ]
    return [f"{name}: {_named(read)} is read, and {_named(column)} could be it too; which is right?"]


def _has_digit(text: str) -> bool:
    return any(sign.isdigit() for sign in text)


def _says_net(text: str) -> bool:
    return any_of("net", text) and not any_of("gross", text)


def _says_period(text: str) -> bool:
    return not _has_digit(text) and any(len(word) > 2 and resolve_period(word) for word in plain_words(text))
