"""Print the answers for an offer."""

from collections.abc import Callable
from typing import Any

from rich.console import Console

from salary_bands.cli.printing.tables import Column, print_fitted, thousands
from salary_bands.query.offer import CELL, NOTHING
from salary_bands.sample import SYNTHETIC


def print_offer(out: Console, err: Console, found: dict[str, Any]) -> None:
    """Print a row per answer in thousand USD, then what each one compares, its cell, and comparable cells."""
    offer = found["offer"]
    place = ", ".join(offer[k] for k in ("group", "tier", "level", "market"))
    answers = found["answers"]
    title = f"{found['release']}: an offer for {place}; thousand USD a year among reported pay"
    print_fitted(out, title, _columns(answers), [""] * len(answers))
    for heading, line_of in (
        ("compares", _compared),
        ("answered by", _answered_by),
        ("beside the model", _beside_model),
    ):
        grouped: dict[str, list[str]] = {}
        for answer in answers:
            if line := line_of(answer):
                grouped.setdefault(line, []).append(answer["what"].replace("_", " "))
        if grouped:
            out.print(heading, style="bold")
        for line, parts in grouped.items():
            out.print(f"  {', '.join(parts)}: {line}", markup=False, highlight=False)
    for note in found["notes"]:
        out.print(f"note: {note}", markup=False, highlight=False)
    if found["comparable"]:
        _print_comparable(out, found["comparable"])
    if found["contains_synthetic"]:
        err.print(SYNTHETIC, style="yellow")


def _columns(answers: list[dict[str, Any]]) -> list[Column]:
    """Return a row per answer: the amount, where it is in the band that answered, and that band."""

    def texts(text_of: Callable[[dict[str, Any]], str]) -> list[str]:
        return ["" if answer["reading"] == NOTHING else text_of(answer) for answer in answers]

    return [
        Column("", [answer["what"].replace("_", " ") for answer in answers], is_key=True),
        Column("amount", [thousands(answer["amount"]) for answer in answers]),
        Column("percentile", [answer["reading"] for answer in answers]),
        Column("95 %", texts(_reading_interval), is_bound=True),
        *(Column(p.upper(), texts(lambda answer, p=p: thousands(answer[p]))) for p in ("p25", "p50", "p75")),  # type: ignore[misc]
        Column("n", texts(lambda answer: _count(answer["n_reports"])), is_shared=True),
        Column("n eff.", texts(lambda answer: _count(answer["n_effective"])), is_spare=True, is_shared=True),
        Column("employers", texts(lambda answer: _count(answer["n_employers"])), is_shared=True),
        Column("age", texts(_age), is_spare=True, is_shared=True),
        Column("precision of P50", texts(_precision), is_key=True, is_shared=True),
    ]


def _reading_interval(answer: dict[str, Any]) -> str:
    low, high = answer["reading_low"], answer["reading_high"]
    return str(low) if low == high else f"{low} to {high}"


def _age(answer: dict[str, Any]) -> str:
    return "" if answer["median_age_days"] is None else f"{answer['median_age_days']} d"


def _precision(answer: dict[str, Any]) -> str:
    return f"{answer['p50_precision'].replace('_', ' ')}, {answer['basis']}"


def _compared(answer: dict[str, Any]) -> str:
    return str(answer["compares"])


def _answered_by(answer: dict[str, Any]) -> str:
    """Return the cell that answered, what differs from the one asked for, and why."""
    if answer["reading"] == NOTHING:
        return str(answer["why"])
    steps = "; ".join(answer["fallback"])
    cell = f"{answer['evidence']} {answer['view']} {', '.join(answer[k] for k in CELL)}"
    return f"{cell}, {f'after {steps}' if steps else 'as requested'}: {answer['why']}"


def _beside_model(answer: dict[str, Any]) -> str:
    """Return how far an amount is from what the model says of the cell asked for; empty if it says nothing."""
    ratio = answer.get("of_modelled_p50")
    if ratio is None:
        return ""
    text = f"{ratio:.2f} times the modelled median of {thousands(answer['modelled_p50'])}"
    for name, of, side in (("P90", answer["of_modelled_p90"], 1), ("P10", answer["of_modelled_p10"], -1)):
        if side * (of - 1) > 0:
            text += f", {abs(of - 1):.0%} {'above' if side > 0 else 'below'} the modelled {name} of one person's pay"
    return text


def _print_comparable(out: Console, cells: list[dict[str, Any]]) -> None:
    columns = [
        Column("", [row["relation"] for row in cells], is_key=True),
        Column("view", [row["view"] for row in cells], is_key=True, is_shared=True),
        *(Column(k.removesuffix("_id"), [row[k] for row in cells], is_key=True, is_shared=True) for k in CELL),
        Column("n", [_count(row["n_reports"]) for row in cells]),
        *(Column(p.upper(), [thousands(row[p]) for row in cells]) for p in ("p25", "p50", "p75")),
    ]
    print_fitted(out, f"comparable cells, {cells[0]['metric']}", columns, [""] * len(cells))


def _count(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"
