"""Print an inspection."""

from collections.abc import Callable
from typing import Any

from rich.console import Console

from salary_bands.errors import escaped

_TEXT = 40  # characters of a cell

Line = Callable[[str], None]


def print_inspection(out: Console, found: dict[str, Any]) -> None:
    """Print the document of `inspect_file`; text of the export is escaped."""

    def line(text: str) -> None:
        out.print(escaped(text), markup=False, highlight=False)

    held = found["held"]
    if held:
        line(f"{found['file']} would be held ({held['reason']}): {held['line']}")
        if "parser" in held:
            line(f"the parser said: {held['parser']}")
    if "draft" in found:
        _print_draft(line, found)
    elif found["format"]:
        _print_outcome(line, found["file"], found)


def _print_draft(line: Line, found: dict[str, Any]) -> None:
    """Print a draft: guesses with evidence and cells, questions, YAML, and what it would make of the file."""
    line("")
    line("What its columns look like (cells are shown here only):")
    for guess in found["guesses"]:
        samples = " | ".join(sample[:_TEXT] for sample in guess["samples"])
        line(f"  {guess['column']:<18} <- {', '.join(' '.join(h.split()) for h in guess['headers'])}")
        line(f"  {'':<18}    {guess['evidence']}; such as {samples}")
        if unknown := guess["without_meaning"]:
            line(f"  {'':<18}    without a meaning yet: {' | '.join(text[:_TEXT] for text in unknown)}")
    line("")
    line("What the file does not say:")
    for question in found["questions"]:
        line(f"  ? {question}")
    for text in ("", "A draft for formats/ of your reference folder (--write puts it there):", ""):
        line(text)
    for text in found["draft"].split("\n"):
        line(text)
    outcome = found["with_draft"]
    if outcome["held"]:
        line(f"with this draft it would be held ({outcome['held']['reason']}): {outcome['held']['line']}")
    if outcome.get("format"):
        _print_outcome(line, found["file"], outcome)


def _print_outcome(line: Line, file: str, found: dict[str, Any]) -> None:
    """Print what a format makes of the file, as far as the chain came."""
    is_read = "accepted" in found
    line(f"{file} is {found['format']}: {found['title']} ({found['licence']})")
    if found["untested"]:
        line("the format is written from documentation and untested; compare the first rows with the file")
    if is_read:
        line(f"exported on {found['exported_on']}, delivery {found['delivery']}, {found['rows']:,} rows")
    for column, headers in found["columns"].items():
        line(f"  {column:<18} <- {headers if isinstance(headers, str) else ', '.join(headers)}")
    if found["absent"]:
        line(f"  not in this file: {', '.join(found['absent'])}")
    if is_read:
        line(f"accepted {found['accepted']:,}  " + ", ".join(f"{k} {v:,}" for k, v in found["evidence"].items()))
    if found.get("skipped"):
        line(f"out_of_scope {found['skipped']:,}  skipped: rows that `skip_where` of the format leaves out")
    for reason in found.get("rejected", ()):
        examples = ", ".join(
            f"row {e['row']}" + (f": {e['value']!r}" if e["value"] is not None else "") for e in reason["examples"]
        )
        line(f"rejected {reason['rows']:,}  {reason['column'] or 'row'}: {reason['reason']} ({examples})")
        if reason["reason"] == "unquoted_currency":
            line(
                "  the currency has no rate then; add one, with its source, to exchange_rates.csv (docs/operations.md)"
            )
    for what, count in found.get("noted", {}).items():
        line(f"noted {count:,}  {what}")
    for warning in found.get("warnings", ()):
        line(f"warning: {warning}")
    if is_read:
        _print_reports(line, found)


def _print_reports(line: Line, found: dict[str, Any]) -> None:
    for rows in found["not_used"]:
        line(f"{rows['disposition']} {rows['rows']:,}  {rows['reason']}")
    line("leaves   " + ", ".join(f"{k} {v:,}" for k, v in found["leaves"].items()))
    line("")
    line("Annual base pay in USD (P10, P50, P90):")
    for pay in found["pay"][:12]:
        warning = f"  warning: the median {pay['warning']}" if pay["warning"] else ""
        place = f"  {pay['country']:<8} {pay['currency']:<4} {pay['reports']:>7,} reports"
        line(f"{place} {pay['p10']:>9,} {pay['p50']:>9,} {pay['p90']:>9,}{warning}")
    if len(found["pay"]) > 12:
        line(f"  and {len(found['pay']) - 12} more countries and currencies")
    line("")
    line("The ledger of a refresh today, without other exports:")
    for rows in found["ledger"]:
        line(f"  {rows['rows']:>9,}  {rows['disposition']}  {rows['reason']}")
    line("")
    line("First rows as read:")
    for row in found["first_rows"]:
        line(f"  row {row['row']}: " + ", ".join(f"{name}={text}" for name, text in row["cells"].items()))
        read = row["read"]
        line(f"    -> {_read(read)}" if read else "    -> not accepted")


def _read(read: dict[str, Any]) -> str:
    pay = ", ".join(f"{name} {read[name]:,} USD" for name in ("base", "total") if read[name] is not None)
    place = read["metro"] or read["country"] or "no place"
    return f"{read['leaf']}, {read['level'] or read['stage'] or 'no level'}, {place}, {pay or 'no pay'}"
