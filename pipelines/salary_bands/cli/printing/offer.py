"""Print the answers for an offer."""

from typing import Any

from rich.console import Console

from salary_bands.cli.printing.tables import plain_table
from salary_bands.query.offer import CELL, NOTHING
from salary_bands.sample import SYNTHETIC


def print_offer(out: Console, err: Console, found: dict[str, Any]) -> None:
    """Print a row per answer in thousand USD, then what each one compares, its cell, and comparable cells."""
    offer = found["offer"]
    place = ", ".join(offer[k] for k in ("group", "tier", "level", "market"))
    table = plain_table(title=f"{found['release']}: an offer for {place}; thousand USD a year among reported pay")
    wide = out.width >= 125
    table.add_column("", no_wrap=True)
    counts = ("n", "n eff.", "employers", "age")
    for name in ("amount", "percentile", "95 %", *(("P25", "P50", "P75", *counts) if wide else counts[:3])):
        table.add_column(name, justify="right", no_wrap=wide, overflow="fold")
    if wide:
        table.add_column("precision of P50", overflow="fold")
    for answer in found["answers"]:
        table.add_row(*_printed(answer, wide))
    out.print(table)
    for heading, line_of in (
        ("compares", _compared),
        ("answered by", _answered_by),
        ("beside the model", _beside_model),
    ):
        grouped: dict[str, list[str]] = {}
        for answer in found["answers"]:
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


def _printed(answer: dict[str, Any], wide: bool) -> list[str]:
    """Return the cells of an answer's row."""
    start = [answer["what"].replace("_", " "), _thousands(answer["amount"]), answer["reading"]]
    if answer["reading"] == NOTHING:
        return start
    low, high = answer["reading_low"], answer["reading_high"]
    interval = low if low == high else f"{low} to {high}"
    counts = [_count(answer[name]) for name in ("n_reports", "n_effective", "n_employers")]
    if not wide:
        return [*start, interval, *counts]
    band = [_thousands(answer[p]) for p in ("p25", "p50", "p75")]
    precision = f"{answer['p50_precision'].replace('_', ' ')}, {answer['basis']}"
    age = "" if answer["median_age_days"] is None else f"{answer['median_age_days']} d"
    return [*start, interval, *band, *counts, age, precision]


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
    text = f"{ratio:.2f} times the modelled median of {_thousands(answer['modelled_p50'])}"
    for name, of, side in (("P90", answer["of_modelled_p90"], 1), ("P10", answer["of_modelled_p10"], -1)):
        if side * (of - 1) > 0:
            text += f", {abs(of - 1):.0%} {'above' if side > 0 else 'below'} the modelled {name} of one person's pay"
    return text


def _print_comparable(out: Console, cells: list[dict[str, Any]]) -> None:
    table = plain_table(title=f"comparable cells, {cells[0]['metric']}")
    for name in ("", "view", "cell"):
        table.add_column(name, overflow="fold")
    for name in ("n", "P25", "P50", "P75"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in cells:
        figures = [_thousands(row[p]) for p in ("p25", "p50", "p75")]
        table.add_row(row["relation"], row["view"], ", ".join(row[k] for k in CELL), _count(row["n_reports"]), *figures)
    out.print(table)


def _count(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"


def _thousands(usd: float | None) -> str:
    return "" if usd is None else f"{usd / 1000:,.1f}"
