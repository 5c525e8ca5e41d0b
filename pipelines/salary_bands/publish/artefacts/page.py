"""index.html: the page of a release in one file, made from its views and tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from jinja2 import Environment, StrictUndefined, Template

from salary_bands.publish.artefacts.citation import citation
from salary_bands.publish.artefacts.views import BASELINES, METRICS, PREMIUM_COLUMNS, RANK_COLUMNS
from salary_bands.releases.documents import Document
from salary_bands.releases.manifest import Manifest
from salary_bands.sample import SYNTHETIC
from salary_bands.schemas import RELEASE_TABLES
from salary_bands.schemas.claims import VERDICTS

Row = dict[str, Any]
_REASONS = {
    "few_reports": "too few reports",
    "few_employers": "too few employers",
    "dominated": "one employer has over half",
    "low_effective_n": "employers too few or too alike",
    "not_identified": "cannot be estimated from these reports",
    "no_reports": "no reports",
    "by_definition": "the baseline",
    "not_modelled": "not machine learning, so not compared",
}
_POOLING_KINDS = {
    "listed_level": "one level at T1 or T2",
    "listed_stage": "early or senior at T1 or T2",
    "other_level": "one level at T3, T4 or T5",
    "other_stage": "early or senior at T3, T4 or T5",
    "all_level": "one level over all tiers",
    "all_stage": "early or senior over all tiers",
}
_NO_PREMIUM = {**dict.fromkeys(PREMIUM_COLUMNS), "n_group": 0, "why": "not_modelled"}
_NO_PREMIUMS = {b: {m: {"all": {"all": _NO_PREMIUM}} for m in METRICS} for b in BASELINES}
_NO_RANK = {"all": dict.fromkeys(RANK_COLUMNS)}
_VERDICTS = {
    "supported": "our interval is inside the claimed range",
    "contradicted": "our interval is wholly outside the claimed range",
    "insufficient_data": "we have no figure, or its interval crosses an end of the range",
}


def page_text(manifest: Manifest, views: Mapping[str, Document], folder: Path) -> str:
    """Render the page.

    Args:
        manifest: the manifest of the release.
        views: the documents of its views, by name.
        folder: the folder with its tables.
    """
    claims = Counter(pq.read_table(folder / "claims.parquet", columns=["verdict"])["verdict"].to_pylist())
    cards, roles, paths, specialties = (
        [_read(views[name], group) for group in views[name]["groups"]]
        for name in ("cards", "llm_roles", "career_paths", "specialties")
    )
    return _template().render(
        manifest=manifest,
        synthetic=SYNTHETIC,
        cards=cards,
        roles=roles,
        paths=paths,
        specialties=sorted(specialties, key=lambda g: (g["rank"]["all"]["rank"] or len(specialties), g["label"])),
        ends={
            "cards": _pay_end(cards, [("all", "all")]),
            "roles": _pay_end(roles, [("all", "L5"), ("T1", "L5")]),
            "paths": _pay_end(paths, [("all", "early"), ("all", "senior")]),
        },
        premium_ends={
            "cards": _premium_ends(cards, "nlp_classical", "base"),
            "specialties": _premium_ends(specialties, "ml_generalist", "total"),
        },
        claims=[(verdict, claims[verdict], _VERDICTS[verdict]) for verdict in VERDICTS],
        unpooled=unpooled_kinds(manifest),
        sources=pq.read_table(folder / "sources.parquet").to_pylist(),
        citation=citation(manifest),
        tables=list(RELEASE_TABLES),
        views=sorted(views),
    )


def unpooled_kinds(manifest: Manifest) -> list[tuple[str, str, str]]:
    """Return metrics, kind and reason of the kinds of cells that the release does not pool; older ones say none."""
    found: dict[tuple[str, str], list[str]] = {}
    for metric, kinds in manifest.method.pooling.items():
        for kind, facts in kinds.items() if isinstance(kinds, dict) else ():
            if isinstance(facts, dict) and "unpooled" in facts:
                found.setdefault((_POOLING_KINDS[kind], str(facts["reason"])), []).append(metric)
    return [(" and ".join(metrics), kind, reason) for (kind, reason), metrics in found.items()]


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters |= {
        "usd": _usd,
        "signed": _signed,
        "percent": _percent,
        "share": _share,
        "reason": _REASONS.__getitem__,
    }
    environment.globals["place"] = _place
    path = Path(__file__).parent / "templates" / "index.html.jinja"
    return environment.from_string(path.read_text(encoding="utf-8"))


def _read(document: Document, group: Document) -> Row:
    """Return a group with its rows as dicts."""
    names = document["columns"]

    def rows(part: Any, columns: list[str]) -> Any:
        if isinstance(part, list):
            return dict(zip(columns, part, strict=True))
        return {name: rows(inner, columns) for name, inner in part.items()} if part else None

    return {
        **group,
        "bands": rows(group["bands"], names["bands"]),
        "advertised": rows(group["advertised"], names["bands"]),
        "premiums": rows(group["premiums"], names["premiums"]) or _NO_PREMIUMS,
        "rank": rows(group["rank"], names["rank"]) or _NO_RANK,
    }


def _pay_end(groups: Sequence[Row], places: Sequence[tuple[str, str]]) -> int:
    """Return the end of a section's scale of pay: a round figure that is no less than any shown one.

    `places` lists the (tier, level) that the section shows.
    """
    bands = [g["bands"][metric][tier][level] for g in groups for metric in METRICS for tier, level in places]
    bands += [g["advertised"]["base"] for g in groups]
    most = max((band[name] or 0 for band in bands for name in ("p75", "p50_high")), default=0)
    return max(50_000, -(-most // 50_000) * 50_000)


def _premium_ends(groups: Sequence[Row], baseline: str, metric: str) -> tuple[float, float]:
    """Return the ends of a section's scale of premiums."""
    shown = [g["premiums"][baseline][metric]["all"]["all"] for g in groups]
    bounds = [premium[name] or 0.0 for premium in shown for name in ("premium_low", "premium_high")]
    return min(0.0, *bounds), max(0.1, *bounds)


def _place(value: float, low: float, high: float) -> str:
    """Return the position of a value between two ends as a CSS percentage."""
    return f"{100 * (value - low) / (high - low):.1f}%"


def _usd(amount: int) -> str:
    return f"${amount / 1000:,.1f}k".replace(".0k", "k")


def _signed(ratio: float) -> str:
    """Format a ratio as a signed percentage without the sign for percent: 0.082 is +8.2."""
    return f"{ratio * 100:+.1f}".replace("-", "−")


def _percent(ratio: float) -> str:
    return f"{_signed(ratio)}\u00a0%"


def _share(share: float) -> str:
    return f"{share * 100:.1f}\u00a0%"
