"""What the attacks found, as a generated part of docs/method.md."""

import re

import pandas as pd

from salary_bands.fingerprint import METHOD, digest
from salary_bands.settings import Settings
from tests.attack import judge
from tests.attack.likelihood import WITHIN
from tests.builders import method_page
from tests.simulate.report import table

HEADING = "## What one and two releases can reveal of a person"
OPEN, CLOSE = "<!-- attacked: method {method}, settings {digest} -->", "<!-- end of what was attacked -->"
_PART = re.compile(r"<!-- attacked: .*? -->\n.*?" + re.escape(CLOSE), re.S)
_BEFORE = "## Cells with few reports"
ATTACKS = {
    "one": "two releases, one report apart",
    "thinnest": "the same, the third in the smallest cells",
    "open": "the same without the defence",
    "filled": "two releases, the person's report and the attacker's own",
    "months": "twelve monthly releases around the report",
    "premiums": "premiums of the person's specialisation, two releases",
    "pairs": "a cell and a larger one, one release",
    "sums": "a cell and the sum of its parts, one release",
}


def settings_digest() -> str:
    """Of the method's settings and its declared number, not of comments or layout."""
    defaults = {n: f.default for n, f in Settings.model_fields.items() if f.json_schema_extra}
    return digest([METHOD, defaults])[:12]


def inserted(page: str, part: str) -> str:
    """The page with its generated part replaced, or put under a heading behind how people are protected."""
    return method_page.inserted(page, part, _PART, HEADING, _BEFORE)


def section(attacks: dict[str, pd.DataFrame], bounds: pd.DataFrame, moves: pd.DataFrame) -> str:
    """The generated part."""
    parts = [
        OPEN.format(method=METHOD, digest=settings_digest()),
        "`make attack` makes this section. Simulated people report, and an attacker who knows their specialisation, "
        "tier,\nlevel, place and employer, the method and all published figures, but not the key, wants their base and "
        "total. He\nadds up the likelihood of how every figure of every cell of theirs moved. The guess is the best "
        "prediction from the\nrelease before.",
        attacks_table(attacks),
        "A share after *up to* is the upper end of the 95 % interval of what the attack gains, in points; it must not "
        f"be above\n{100 * judge.LIMITS[0.10]:.0f} within 10 % and {100 * judge.LIMITS[0.02]:.0f} within 2 %.",
        bounds_sentence(bounds),
        moves_table(moves),
        CLOSE,
    ]
    return "\n\n".join([f"{parts[0]}\n", *parts[1:]]).replace("-->\n\n\n", "-->\n\n")


def attacks_table(attacks: dict[str, pd.DataFrame]) -> str:
    shown = dict(attacks)
    shown["thinnest"] = judge.thinnest(attacks["one"])
    rows = []
    for name, what in ATTACKS.items():
        if not len(shown[name]):
            rows.append([what, "0", *[""] * 7])
            continue
        scores = [judge.score(shown[name], within) for within in WITHIN]
        cells = [f"{s.tries:,}" for s in scores[:1]]
        for s in scores:
            cells += [_per(s.guess), _per(s.attack), f"{100 * (s.attack - s.guess):+.0f}, up to {100 * s.upper:+.0f}"]
        met = "" if name == "open" else "yes" if all(s.met for s in scores) else "**no**"
        rows.append([what, *cells, met])
    head = ["attack", "amounts", "guess within 10 %", "attack", "gain", "guess within 2 %", "attack", "gain", "met"]
    return table(head, rows)


def bounds_sentence(bounds: pd.DataFrame) -> str:
    small = bounds[bounds["n_reports"] < 20]
    texts = [
        f"{_per(part['is_pay'].mean())} of {len(part):,} bounds {where}, against {_per(part['chance'].mean())}"
        for part, where in ((small, "of cells of 10 to 19"), (bounds, "of all cells"))
        if len(part)
    ]
    return (
        "Bounds that equal, as published, what exactly one person of their cell is paid, against bounds drawn from "
        "smoothed pay: " + "; ".join(texts) + "."
    )


def moves_table(moves: pd.DataFrame) -> str:
    """Shares of figures that move when a report arrives that they are about, and when another one does."""
    rows = []
    for name, part in moves.groupby("table"):
        shares = part.groupby("is_own")["moved"].mean()
        rows.append([str(name), f"{len(part):,}", *(_per(shares.get(own, float("nan"))) for own in (True, False))])
    return table(
        ["figures that move", "figures × releases", "when one of its own reports arrives", "when another does"], rows
    )


def _per(share: float) -> str:
    return f"{100 * share:.0f} %"
