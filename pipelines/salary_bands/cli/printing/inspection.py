"""Print an inspection."""

from typing import Any

from rich.console import Console

from salary_bands.errors import escaped


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
        for text in ("", "A draft for pipelines/salary_bands/reference/formats/:", "", *found["draft"].split("\n")):
            line(text)
    if not found["format"]:
        return
    line(f"{found['file']} is {found['format']}: {found['title']} ({found['licence']})")
    if not held:
        line(f"exported on {found['exported_on']}, delivery {found['delivery']}, {found['rows']:,} rows")
    for column, headers in found["columns"].items():
        line(f"  {column:<18} <- {headers if isinstance(headers, str) else ', '.join(headers)}")
    if not held:
        line(f"accepted {found['accepted']:,}  " + ", ".join(f"{k} {v:,}" for k, v in found["evidence"].items()))
    for reason in found["rejected"]:
        examples = ", ".join(f"row {e['row']}: {e['value']!r}" for e in reason["examples"])
        line(f"rejected {reason['rows']:,}  {reason['column'] or 'row'}: {reason['reason']} ({examples})")
        if reason["reason"] == "unquoted_currency":
            line(
                "  the currency has no rate then; add one, with its source, to exchange_rates.csv (docs/operations.md)"
            )
    for what, count in found["noted"].items():
        line(f"noted {count:,}  {what}")
    for warning in found["warnings"]:
        line(f"warning: {warning}")
    if not held:
        for rows in found["not_used"]:
            line(f"{rows['disposition']} {rows['rows']:,}  {rows['reason']}")
        line("leaves   " + ", ".join(f"{k} {v:,}" for k, v in found["leaves"].items()))
