"""An example for each part of the language of formats: what a file looks like, and the keys that read it."""

from typing import NamedTuple


class Example(NamedTuple):
    """header, rows: of a file. keys: YAML of the format, without name, title, licence, attribution and recognise."""

    title: str
    text: str
    header: tuple[str, ...]
    row: tuple[str, ...]
    keys: str
    reads: dict[str, object]  # what the row becomes in accepted_reports


EXAMPLES = (
    Example(
        "The two ends of a range in two columns",
        "The middle is the base; of adverts, both ends are published too. One end alone is an amount.",
        ("title", "currency", "from", "to"),
        ("ML Engineer", "USD", "150000", "190000"),
        "columns: {job_title: title, currency: currency, base_min: from, base_max: to}\n",
        {"base": 170_000, "base_min": 150_000, "base_max": 190_000},
    ),
    Example(
        "A range, a currency and a period in one cell",
        "Each cell may say its own. What it says wins over a `constant` or a `default`, and gives way to a column. `$` "
        "is the constant's dollar if it is one.",
        ("title", "pay"),
        ("ML Engineer", "EUR 45.50 - 60,50 hourly"),
        "decimal: either\ncolumns: {job_title: title, currency: {constant: USD}, base: pay}\n"
        "money:\n  base: {range_in_cell: true}\n",
        {"base": 53, "base_min": 45.5, "base_max": 60.5, "currency": "EUR", "pay_period": "hour"},
    ),
    Example(
        "Amounts in lakh, in thousands, in cents",
        "`scale` is what 1 in the cell is.",
        ("title", "base lpa"),
        ("ML Engineer", "42.5"),
        "columns: {job_title: title, currency: {constant: INR}, base: base lpa}\nmoney:\n  base: {scale: lakh}\n",
        {"base": 4_250_000},
    ),
    Example(
        "Working time as a percentage of full time",
        "80 is 32 hours a week. Below `full_time_hours` a report is part_time, which is out of scope.",
        ("title", "base", "percent"),
        ("ML Engineer", "90000", "80"),
        "columns: {job_title: title, currency: {constant: EUR}, base: base, hours_per_week: percent}\n"
        "money:\n  hours_per_week: {scale: percent_of_full_time}\n",
        {"hours_per_week": 32},
    ),
    Example(
        "Pay after tax",
        "An export whose base or total is net is held (`net_pay`), unless one factor is good enough to make it gross.",
        ("title", "take home"),
        ("ML Engineer", "50000"),
        "columns: {job_title: title, currency: {constant: EUR}, base: take home}\n"
        "money:\n  base: {net: true, gross_up: 1.5}\n",
        {"base": 75_000},
    ),
    Example(
        "13 or 14 salaries a year",
        "`month_13` and `month_14` are pay periods; a column that says how many can be mapped with `values`.",
        ("title", "monthly", "salaries"),
        ("ML Engineer", "4000", "14"),
        "columns:\n  job_title: title\n  currency: {constant: EUR}\n  base: monthly\n"
        "  pay_period: {from: salaries, values: {'12': month, '13': month_13, '14': month_14}}\n",
        {"base": 4_000, "pay_period": "month_14"},
    ),
    Example(
        "A part of a cell, and what counts where the pattern misses",
        "Without `default` the whole cell stays. `default` counts for blank cells too.",
        ("title", "base", "note"),
        ("ML Engineer", "90000", "no word on it"),
        "columns:\n  job_title: title\n  currency: {constant: EUR}\n  base: base\n"
        "  pay_period: {from: note, pattern: '(?i)per (hour|month)', default: year}\n",
        {"pay_period": "year"},
    ),
    Example(
        "The order in which a cell is rewritten",
        "First `blank`, of the format and of the column; then `when`, `pattern`, `values`; what is then blank "
        "is the `default`. A cell that the pattern misses is the `default` at once, and goes through `values` too.",
        ("title", "base", "note"),
        ("ML Engineer", "5000", "paid per Monat"),
        "columns:\n  job_title: title\n  currency: {constant: EUR}\n  base: base\n"
        "  pay_period: {from: note, blank: ['?'], pattern: 'per (.+)', values: {Monat: month}, default: year}\n",
        {"pay_period": "month"},
    ),
    Example(
        "A country beside a place",
        "`country` wins: `location` then decides only the metro, and one in another country none. A `country` that "
        "names no country is ignored.",
        ("title", "base", "city", "country"),
        ("ML Engineer", "90000", "Berlin", "Germany"),
        "columns: {job_title: title, currency: {constant: EUR}, base: base, location: city, country: country}\n",
        {"location": "Berlin", "country": "Germany"},
    ),
    Example(
        "A cell that counts on a condition",
        "Here the amount is a bonus only if another cell says so. Conditions are `is`, `is_not`, `pattern`, `blank`.",
        ("title", "base", "extra", "kind"),
        ("ML Engineer", "90000", "5000", "Stock"),
        "columns:\n  job_title: title\n  currency: {constant: EUR}\n  base: base\n"
        "  bonus: {from: extra, when: {header: kind, is: [Bonus]}}\n"
        "  equity_annual: {from: extra, when: {header: kind, is_not: [Bonus]}}\n",
        {"bonus": None, "equity": 5_000},
    ),
    Example(
        "Rows that are none of ours",
        "They count as `out_of_scope`, reason `skipped`, and never as rejected.",
        ("title", "base", "status"),
        ("ML Engineer", "90000", "Withdrawn"),
        "columns: {job_title: title, currency: {constant: EUR}, base: base}\n"
        "skip_where:\n  - {header: status, is: [Withdrawn, Denied]}\n  - {header: base, blank: true}\n",
        {"rejected": "skipped"},
    ),
    Example(
        "A header that stands twice",
        "The export is held until `place` says which is meant, counted from the left.",
        ("title", "salary", "salary"),
        ("ML Engineer", "70000", "90000"),
        "columns: {job_title: title, currency: {constant: EUR}, base: {from: salary, place: 2}}\n",
        {"base": 90_000},
    ),
    Example(
        "Headers that change from year to year",
        "`*` stands for any text. Two columns that fit hold the export, as a header that stands twice "
        "does. Columns that are not there are noted; only those under `recognise` are needed.",
        ("title", "Gross salary 2026 in EUR"),
        ("ML Engineer", "90000"),
        "columns: {job_title: title, currency: {constant: EUR}, base: 'Gross salary *', bonus: 'Bonus *'}\n",
        {"base": 90_000, "bonus": None},
    ),
    Example(
        "Several forms of dates, with time zones",
        "Tried in this order, so that `03/04/2026` is the day first. `%z` reads `GMT+1` too.",
        ("title", "base", "when"),
        ("ML Engineer", "90000", "03/04/2026 10:00:00 GMT+1"),
        "dates: ['%d/%m/%Y %H:%M:%S %z', '%d/%m/%Y', iso]\n"
        "columns: {job_title: title, currency: {constant: EUR}, base: base, submitted_at: when}\n",
        {"submitted_at": "2026-04-03 09:00:00"},
    ),
    Example(
        "A survey with many unusable answers",
        "The limit of rejected rows can be its own; rows without pay (blank, `Competitive`, `negotiable`) never count.",
        ("title", "base"),
        ("ML Engineer", "90000"),
        "max_rejected_share: 0.4\ncolumns: {job_title: title, currency: {constant: EUR}, base: base}\n",
        {"base": 90_000},
    ),
    Example(
        "The employer in the file's name",
        "For `Example Corp_2026-06-30.csv`; the first group of the pattern is the text.",
        ("title", "base"),
        ("ML Engineer", "90000"),
        "columns:\n  job_title: title\n  currency: {constant: EUR}\n  base: base\n"
        "  employer: {file_name: '^([^_]+)_'}\n",
        {"employer": "Example Corp"},
    ),
)

LAYOUTS = """
### The date of an export, from its file's name

For `Example Corp_2026-06-30.csv`. A name with a year only is the end of that year, unless `month` and `day` say another
day; with a year and a month, the end of the month. Without `exported_on` it is the latest full date in the rows.

```yaml
exported_on:
  file_name: '_(?P<year>\\d{4})-(?P<month>\\d{2})-(?P<day>\\d{2})'
```

### Title rows, a sheet, nested JSON

```yaml
header_row: 3          # the header is row 3 of the CSV or the sheet; default the first row that is not blank
sheet: Answers         # of a workbook with several sheets of data, which is held without it
```

A percent or a currency that the number format of a cell shows counts as if it were written beside the number, except
the built-in formats for currency, which show that of whoever opens the file. Formulas count with the values that were
saved with them; without these, a column that is read holds the export (`formulas_without_values`).

A JSON document is a list of objects, or has one list of objects at its top; `records` names another one. Nested keys
are joined with a dot, items of a list of objects are numbered from 0 or named by one of their keys:

```yaml
records: data.jobs
list_keys: {pay.components: type}
columns:
  location: office.city
  base_min: pay.components.Salary.min     # of the item whose type is Salary
  skills: tags                            # a list of plain values is one cell, with ; between them
```
"""
