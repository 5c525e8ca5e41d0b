"""README.md of a release."""

from salary_bands.aggregate.plan import Plan
from salary_bands.ingest.formats import Format
from salary_bands.publish.change_log import SYNTHETIC


def readme_text(plan: Plan, formats: tuple[Format, ...]) -> str:
    """How to use and cite the release, and whose data it rests on."""
    used = {s.format for s in plan.counted}
    sources = [f"- {f.title}: {f.attribution}; licence: {f.licence}" for f in formats if f.name in used]
    lines = [
        f"# Compensation bands in machine learning, {plan.version}",
        "",
        *([SYNTHETIC, ""] if plan.contains_synthetic else []),
        f"Percentiles of annual pay in whole USD as of {plan.as_of}, gross, full time, over the "
        f"{int(plan.settings['window_months'])} months before. Reports are self-selected; a figure rounds to 500 USD, "
        "below 50,000 to 100. `reported` is people's pay, `advertised` is employers' adverts; no figure mixes the two.",
        "",
        "- `bands.csv`, `bands.parquet`: every published cell; small: `bands/<view>/<group_id>/<market>.json`",
        "- `premiums.csv`: what a specialisation pays over a baseline, all else equal. `multipliers.csv`: what each "
        "specialisation, tier, level, market and month multiplies pay by",
        "- `cards.csv`: a row per specialisation, all that its card shows. `claims.csv`: what public pages say, judged",
        "- `ledger.csv`: what became of every row of every export. `sources.csv`: where the reports come from",
        "- `datapackage.json`: every column with its meaning",
        "- `manifest.json`: inputs, settings, rates, and a hash of every file",
        "",
        "These files never change. Intervals are 95 % and cover chance, not who chose to report. Every table is there "
        "as CSV and as Parquet.",
        "",
        "## Sources",
        "",
        *sources,
        "",
        "## Cite",
        "",
        f"Salary Bands, release {plan.version}, method {plan.method_version}.",
    ]
    return "\n".join(lines) + "\n"
