"""docs/method.md keeps its word: its examples are recomputed, its defaults are ours, every word of ours is on it."""

import math
import re
from datetime import date
from fractions import Fraction
from statistics import geometric_mean

import pytest

from salary_bands.schemas.bands import PRECISIONS, SUPPRESSION_REASONS, Bands
from salary_bands.schemas.changes import REASONS
from salary_bands.schemas.claims import VERDICTS, WHY
from salary_bands.schemas.multipliers import FACTORS
from salary_bands.settings import Settings
from salary_bands.statistics.pooling import UNPOOLED
from tests.builders import ROOT
from tests.oracle import figures as oracle_figures
from tests.oracle import model as oracle_model
from tests.oracle.cards import judged, newcombe, wilson

PAGE = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
LATER = "not yet computed"  # how the dictionary says it
MONTH = 2**20  # weight of a report of this month
MOVED = "What moved since the release before"
WORDS = {
    "What is withheld": SUPPRESSION_REASONS,
    "Precision words": PRECISIONS,
    "Cells with few reports": tuple(UNPOOLED),
    "Claims": (*VERDICTS, *WHY),
    "Multipliers": FACTORS,
    MOVED: REASONS,
}


Cells = list[str]


def section(page: str, heading: str) -> str:
    """The text under a heading, up to the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found, f"no section {heading!r}"
    return found[1]


def tables(heading: str, page: str = PAGE) -> list[list[Cells]]:
    """The tables of a section, each a list of rows of cells, with the header and without the rule below it."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", section(page, heading), re.M)
    rows = [[[c.strip() for c in line[1:-1].split("|")] for line in b.splitlines()] for b in blocks]
    return [[*table[:1], *table[2:]] for table in rows]


def numbers(text: str) -> list[float]:
    """All numbers of a text, thousands with commas."""
    return [float(n.replace(",", "")) for n in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)]


def explained(page: str, heading: str) -> set[str]:
    """Words in backticks that open a row of a table in that section and have some text beside them."""
    rows = [row for table in tables(heading, page) for row in table[1:]]
    return {row[0].strip("`") for row in rows if row[0].startswith("`") and len(" ".join(row[1:])) >= 5}


def undecided(page: str) -> set[str]:
    """Words in backticks under `Not done yet`."""
    return set(re.findall(r"`(\w+)`", section(page, "Not done yet")))


def stated_defaults(page: str) -> dict[str, float]:
    """Settings with the default that the page gives them: `name` = 1."""
    return {name: float(value) for name, value in re.findall(r"`(\w+)`\s=\s(\d+(?:\.\d+)?)", page)}


def reports(employers: str, big: int, old: int) -> list[dict[str, object]]:
    """Reports of `1 × 4, 3 × 1` (employers × reports each): so many at T1 or T2, so many six months old."""
    sizes = [int(size) for many, size in re.findall(r"(\d+) × (\d+)", employers) for _ in range(int(many))]
    named = [number for number, size in enumerate(sizes) for _ in range(size)]
    rows = []
    for place, number in enumerate(named):
        tier, weight = "T2" if place < big else "T4", MONTH // 2 if place < old else MONTH
        rows.append({"evidence": "reported", "employer": f"e{number}", "tier": tier, "weight": weight})
    return rows


@pytest.mark.parametrize("heading", WORDS)
def test_every_word_of_a_release_is_explained(heading: str) -> None:
    assert set(WORDS[heading]) <= explained(PAGE, heading)


@pytest.mark.parametrize("heading", WORDS)
def test_a_word_that_lacks_its_explanation_is_seen(heading: str) -> None:
    for word in WORDS[heading]:
        without = re.sub(rf"^\| `{word}` \|.*\n", "", PAGE, flags=re.M)
        assert word not in explained(without, heading)
        silent = re.sub(rf"^\| `{word}` \|.*\n", f"| `{word}` | |\n", PAGE, flags=re.M)
        assert word not in explained(silent, heading)


def test_defaults_on_the_page_are_those_of_the_settings() -> None:
    stated = stated_defaults(PAGE)
    stated.pop("like_this")  # the page's own example of how a setting is written
    method = {name: field.default for name, field in Settings.model_fields.items() if field.json_schema_extra}
    assert len(stated) >= 15
    assert stated == {name: method.get(name) for name in stated}


def test_what_is_not_computed_yet_is_said() -> None:
    later = {name for name, c in Bands.to_schema().columns.items() if LATER in (c.description or "")}
    columns = undecided(PAGE) & set(Bands.to_schema().columns) - {"basis"}
    assert columns == later


def test_ten_pays_are_the_row_that_they_are_said_to_be() -> None:
    (_, pays), row = tables("How to read a figure")
    pay = [(int(n), MONTH) for n in numbers(" ".join(pays[1:]))]
    assert len(pay) == 10
    size = oracle_figures.effective_size(reports("10 × 1", 0, 0), Fraction(26, 100))
    shown = oracle_figures.figures(pay, dict.fromkeys(oracle_figures.PERCENTILES, size))
    assert list(shown) == [50]
    median = shown[50]
    stated = {cells[0].strip("`"): cells[1] for cells in row[1:]}
    assert stated == {
        "n_reports": "10",
        "n_effective": f"{float(size):.2f}",
        "p50": f"{oracle_figures.rounded(median.pay):,}",
        "p50_low": f"{float(median.low):,.0f}",
        "p50_high": f"{float(median.high):,.0f}",
        "p50_precision": median.precision,
        "p25": "",
        "p75": "",
    }
    width, two, z, figure, percent = numbers(row[6][2])
    assert (width, figure) == (median.high - median.low, median.pay)
    assert round(100 * width / (two * z * figure), 1) == percent
    assert f"true median below {float(median.low):,.0f}" in PAGE


def test_the_coin_of_the_ten_pays_is_tossed_right() -> None:
    chances, of = numbers(re.search(r"(\d+ chances in [\d,]+)", section(PAGE, "How to read a figure"))[1])  # type: ignore[index]
    assert chances == sum(math.comb(10, heads) for heads in (0, 1)) and of == 2**10
    assert chances / of <= 0.025 < (chances + math.comb(10, 2)) / of  # the next pair would err too often


def test_weights_halve_as_said() -> None:
    ((ages, weights),) = tables("Time")
    for age, weight in zip(ages[1:], weights[1:], strict=True):
        assert weight == f"{0.5 ** (int(age) / 6):.2f}"


def test_effective_sizes_are_recomputed() -> None:
    likeness = Fraction(str(Settings.model_fields["correlation_p50"].default))
    (sizes,) = tables("Why intervals depend on employers")
    assert len(sizes) > 4
    for employers, big, old, stated in sizes[1:]:
        size = oracle_figures.effective_size(reports(employers, int(big), int(old)), likeness)
        assert f"{float(size):.2f}" == stated, employers
    assert f"With {float(likeness)}:" in section(PAGE, "Why intervals depend on employers")
    assert f"tell as much as {float(sizes[-1][3]):.0f}." in section(PAGE, "Why intervals depend on employers")


def test_percentiles_need_as_many_effective_reports_as_said() -> None:
    text = " ".join(section(PAGE, "Why intervals depend on employers").split())
    stated = re.search(r"(\d+) effective reports for P50, (\d+) for P25 and P75, (\d+) for P10 and P90", text)
    assert stated
    for smallest, percents in zip(map(int, stated.groups()), ((50,), (25, 75), (10, 90)), strict=True):
        for percent in percents:
            low, high = oracle_figures.ranks(smallest, percent)
            assert low >= 2 and high <= smallest - 1
            low, high = oracle_figures.ranks(smallest - 1, percent)
            assert low < 2 or high > smallest - 2


def test_precision_words_have_their_limits() -> None:
    (words,) = tables("Precision words")
    stated = {row[0].strip("`"): Fraction(row[1].strip(" %")) / 100 for row in words[1:] if row[1]}
    assert stated == {word: limit for limit, word in oracle_figures.PRECISIONS.items()}


def test_the_premium_of_the_eight_is_what_the_model_says() -> None:
    (table,) = tables("Premiums")
    rows, averages = [], []
    for leaf, (_, at_t2, at_t4, average) in zip(("llm_serving", "ml_generalist"), table[1:], strict=True):
        own = [
            (tier, int(pay))
            for tier, cell in (("T2", at_t2), ("T4", at_t4))
            for count, pay in [numbers(cell)]
            for _ in range(int(count))
        ]
        averages.append(geometric_mean([pay for _, pay in own]))
        assert average == f"{averages[-1]:,.0f}"
        same = {"leaf": leaf, "level": "L5", "market": "US", "month": "2026-06", "source": "s", "weight": MONTH}
        for tier, pay in own:
            rows.append({**same, "tier": tier, "y": oracle_model.log_pay(pay), "employer": ("unknown", len(rows))})
    effects = oracle_model.Fit(rows, date(2026, 6, 30)).effects
    adjusted = effects["leaf", "llm_serving"] - effects["leaf", "ml_generalist"]
    stated = re.search(r"differ by ([\d.]+) %.* earns ([\d.]+) % more", section(PAGE, "Premiums"), re.S)
    assert stated
    ratios = (averages[0] / averages[1], math.exp(adjusted))
    assert stated.groups() == tuple(f"{100 * (ratio - 1):.1f}" for ratio in ratios)


def test_multipliers_stack_to_what_is_said() -> None:
    factors, steps = tables("Multipliers")
    baseline, *ratios, stacked = (numbers(row[2])[0] for row in steps[1:])
    assert {row[1].strip("`") for row in steps[1:-1]} == set(FACTORS) - {"month"}
    assert oracle_figures.rounded(Fraction(baseline * math.prod(ratios))) == stacked
    stated = re.search(r"make ([\d.]+) times.* give ([\d.]+)\.", section(PAGE, "Multipliers"), re.S)
    assert stated
    together, added = math.prod(ratios), 1 + sum(ratio - 1 for ratio in ratios)
    assert stated.groups() == (f"{together:.2f}", f"{added:.2f}")
    assert len(factors) == 1 + len(FACTORS)


def test_shares_and_their_change_are_recomputed() -> None:
    ((_, before, now, change),) = tables("Demand, and share of reports")
    counts = [tuple(int(n) for n in numbers(" ; ".join(row[1:3]))) for row in (before, now)]
    for row, figures in (
        (before, wilson(*counts[0])),
        (now, wilson(*counts[1])),
        (change, newcombe(counts[1], counts[0])),
    ):
        assert row[3:] == [f"{100 * figure:.2f} %" for figure in figures if figure is not None]


def test_verdicts_of_the_examples_are_recomputed() -> None:
    examples = tables("Claims")[0]
    assert {row[0] for row in examples[1:]} == {"pay", "premium", "rank"}
    tolerance = Fraction(str(Settings.model_fields["claim_tolerance"].default))
    for kind, claimed, ours, stated in examples[1:]:
        _, low, high = map(int, numbers(ours))
        bounds = [Fraction(int(n)) for n in numbers(claimed)]
        wide = [bounds[0], bounds[-1]]
        if kind == "pay":
            wide = [bounds[0] * (1 - tolerance), bounds[1] * (1 + tolerance)]
        elif kind == "premium":
            wide = [bounds[0] - 100 * tolerance, bounds[1] + 100 * tolerance]
        found = judged(low, high, *wide)
        told = [f"`{found['verdict']}`", *(f"`{found[k]}`" for k in ("why",) if k in found)]
        assert stated == ", ".join([*told, *(found[k] for k in ("direction",) if k in found)])


def test_the_parts_of_a_move_add_up() -> None:
    figures = {row[0].strip("`"): numbers(row[1].replace("+", ""))[0] for row in tables(MOVED)[0][1:]}
    assert figures.pop("new") == sum(figures.values()) and list(figures) == ["old", "restated", "pay", "mix"]


def test_the_offer_reads_as_said() -> None:
    (table,) = tables("Offers")
    text = section(PAGE, "Offers")
    amount = numbers(re.search(r"offer of ([\d,]+)", text)[1])[0]  # type: ignore[index]
    percents = [int(cell.strip("P")) for cell in table[0][1:4]]
    for row in table[1:]:
        pays = [numbers(cell)[0] for cell in row[1:4]]
        below = max(n for n, pay in enumerate(pays) if pay <= amount)
        part = math.log(amount / pays[below]) / math.log(pays[below + 1] / pays[below])
        assert row[4] == f"P{round(percents[below] + part * (percents[below + 1] - percents[below]))}"
    point, *bounds = (row[4] for row in table[1:])
    assert f"So: {point}, between {bounds[0]} and {bounds[1]}." in text


def test_every_source_is_cited_where_it_is_used() -> None:
    body, sources = PAGE.split("## Sources\n")
    cited = " ".join(body.split())
    names = re.findall(r"^- (\w[\w ]*?)(?:,| \(UK\))", sources, re.M)
    assert len(names) == 17 and [name for name in names if name not in cited] == []


def test_the_pooled_example_is_weighed_as_cells_vary_and_reports_are_few() -> None:
    within, between = (float(p) / 100 for p in re.findall(r"(\d+) %", section(PAGE, "Cells with few reports"))[:2])
    table, _ = tables("Cells with few reports")
    for cells in table[1:]:
        effective, own, model, weight, pooled = (float(cell.replace(",", "")) for cell in cells)
        share = between**2 / (between**2 + within**2 / effective)
        assert round(1 - share, 2) == weight
        assert round(math.exp(share * math.log(own) + (1 - share) * math.log(model)), -3) == pooled
