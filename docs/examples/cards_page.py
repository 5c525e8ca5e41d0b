"""The specialisation cards as a page, from one file of a release: `cards_page.py views/cards.json > cards.html`."""

import json
import sys
from html import escape
from pathlib import Path


def percent(figure: float | None, low: float, high: float) -> str:
    return "not known" if figure is None else f"{figure:.1%} ({low:.1%} to {high:.1%})"


page = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
print(f"<!doctype html>\n<meta charset=utf-8>\n<title>Specialisation cards {page['release']}</title>")
print("<p>Synthetic data: nobody earns these figures.</p>" if page["contains_synthetic"] else "")
for group in page["groups"]:
    row = group["bands"]["base"]["all"]["all"] + group["premiums"]["nlp_classical"]["base"]["all"]["all"]
    cell = dict(zip(page["columns"]["bands"] + page["columns"]["premiums"], row, strict=True))
    p25, p50, low, high, p75 = (
        "not known" if cell[p] is None else f"${cell[p]:,}" for p in ("p25", "p50", "p50_low", "p50_high", "p75")
    )
    over = percent(*(cell[name] for name in ("premium", "premium_low", "premium_high")))
    print(f"<h2 id={group['id']}>{escape(group['label'])}</h2>\n<dl><dt>Over classical NLP<dd>{over}")
    print(f"<dt>Base pay<dd>{p25} to {p75}, median {p50} ({low} to {high}), {cell['n_reports'] or 'under 10'} reports")
    print(f"<dt>Demand<dd>{percent(group['demand'], group['demand_low'], group['demand_high'])} of adverts")
    print(f"<dt>Tooling<dd>{escape('; '.join(group['tooling']))}</dl>")
