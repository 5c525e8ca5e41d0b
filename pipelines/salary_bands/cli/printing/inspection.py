"""Print an inspection."""

from typing import Any

from rich.console import Console


def print_inspection(out: Console, found: dict[str, Any]) -> None:
    """The document for people."""

    def line(text: str) -> None:
        out.print(text, markup=False, highlight=False)

    if found["held"]:
        line(f"{found['file']} would be held ({found['held']['reason']}): {found['held']['line']}")
        if "draft" in found:
            line(f"\nA draft for pipelines/salary_bands/reference/formats/:\n\n{found['draft']}")
        return
    line(f"{found['file']} is {found['format']}: {found['title']} ({found['licence']})")
    line(f"exported on {found['exported_on']}, delivery {found['delivery']}, {found['rows']:,} rows")
    for column, headers in found["columns"].items():
        line(f"  {column:<18} <- {headers if isinstance(headers, str) else ', '.join(headers)}")
    line(f"accepted {found['accepted']:,}  " + ", ".join(f"{k} {v:,}" for k, v in found["evidence"].items()))
    for reason in found["rejected"]:
        examples = ", ".join(f"row {e['row']}: {e['value']!r}" for e in reason["examples"])
        line(f"rejected {reason['rows']:,}  {reason['column'] or 'row'}: {reason['reason']} ({examples})")
    for what, count in found["noted"].items():
        line(f"noted {count:,}  {what}")
    line("leaves   " + ", ".join(f"{k} {v:,}" for k, v in found["leaves"].items()))
    if found["would_be_held"]:
        line("too many rows would be rejected: a refresh would hold this export as a whole")
