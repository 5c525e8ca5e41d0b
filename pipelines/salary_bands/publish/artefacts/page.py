"""index.html: the page of a release in one file, made from its views and tables."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from jinja2 import Environment, StrictUndefined, Template

from salary_bands.publish.artefacts.answers import REASONS, Answers, usd
from salary_bands.publish.artefacts.citation import citation
from salary_bands.publish.artefacts.overview import overview
from salary_bands.publish.artefacts.views import BASELINES, METRICS, PREMIUM_COLUMNS, RANK_COLUMNS
from salary_bands.reference import read_csv
from salary_bands.releases.documents import Document
from salary_bands.releases.manifest import Manifest
from salary_bands.sample import SYNTHETIC
from salary_bands.schemas import RELEASE_TABLES
from salary_bands.schemas.claims import VERDICTS

Row = dict[str, Any]
_NO_PREMIUM = {**dict.fromkeys(PREMIUM_COLUMNS), "why": "not_modelled"}
_NO_PREMIUMS = {b: {m: {"all": {"all": _NO_PREMIUM}} for m in METRICS} for b in BASELINES}
_NO_RANK = {"all": dict.fromkeys(RANK_COLUMNS)}
# by section, the (tier, level) of the bands that it shows of a group, under the names that its lines give them
_PLACES = {
    "cards": {"All employers and levels": ("all", "all")},
    "roles": {"All employers": ("all", "L5"), "Frontier labs": ("T1", "L5")},
    "paths": {"Early": ("all", "early"), "Senior": ("all", "senior")},
}
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
        folder: the folder with the tables of its candidate, withheld rows among the bands.
    """
    places = {row["market"]: row["label"] for row in read_csv("markets.csv")}
    answers = Answers.of(folder, places)
    claims = Counter(pq.read_table(folder / "claims.parquet", columns=["verdict"])["verdict"].to_pylist())
    cards, roles, paths, specialties = (
        _groups(views[name], answers) for name in ("cards", "llm_roles", "career_paths", "specialties")
    )
    lead = overview(answers)
    return _template().render(
        manifest=manifest,
        synthetic=SYNTHETIC,
        overview=lead,
        cards=cards,
        roles=roles,
        paths=paths,
        specialties=sorted(specialties, key=lambda g: (g["rank"]["all"]["rank"] or len(specialties), g["label"])),
        nothing={
            "cards": _nothing((g for g in cards if not g["is_shown"]), "cards"),
            "roles": _nothing((g for g in roles if not g["is_at_l5"]), "roles"),
            "paths": _nothing((g for g in paths if not g["is_staged"]), "paths"),
        },
        ends={
            "overview": _scale(group["bands"][metric] for group in lead for metric in METRICS),
            "cards": _pay_end(cards, "cards"),
            "roles": _pay_end(roles, "roles"),
            "paths": _pay_end(paths, "paths"),
        },
        premium_ends={
            "cards": _premium_ends(cards, "nlp_classical", "base"),
            "specialties": _premium_ends(specialties, "ml_generalist", "total"),
        },
        claims=[(verdict, claims[verdict], _VERDICTS[verdict]) for verdict in VERDICTS],
        sources=pq.read_table(folder / "sources.parquet").to_pylist(),
        citation=citation(manifest),
        tables=list(RELEASE_TABLES),
        views=sorted(views),
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    filters: dict[str, Callable[..., Any]] = {
        "usd": usd,
        "signed": _signed,
        "percent": _percent,
        "share": _share,
        "capitalise": lambda text: text[:1].upper() + text[1:],
        "reason": REASONS.__getitem__,
        "withheld": _withheld,
    }
    environment.filters |= filters
    environment.globals["place"] = _place
    path = Path(__file__).parent / "templates" / "index.html.jinja"
    return environment.from_string(path.read_text(encoding="utf-8"))


def _groups(document: Document, answers: Answers) -> list[Row]:
    """Return the groups of a view; those of which the page shows no figure come last."""
    return sorted((_read(document, group, answers) for group in document["groups"]), key=lambda g: not g["is_shown"])


def _read(document: Document, group: Document, answers: Answers) -> Row:
    """Return a group with its rows as dicts, and what to use instead of its withheld bands."""
    names = document["columns"]

    def rows(part: Any, columns: list[str]) -> Any:
        if isinstance(part, list):
            return dict(zip(columns, part, strict=True))
        return {name: rows(inner, columns) for name, inner in part.items()} if part else None

    bands, advertised = rows(group["bands"], names["bands"]), rows(group["advertised"], names["bands"])
    for metric, tier, level, band in _placed(bands):
        cell = (document["view"], group["id"], tier, level, document["market"], metric)
        band["instead"] = answers.instead(*cell) if band["p50"] is None else ""
    premiums = rows(group["premiums"], names["premiums"]) or _NO_PREMIUMS
    told = (premiums[baseline]["base"]["all"]["all"]["premium"] for baseline in BASELINES)
    return {
        **group,
        "bands": bands,
        "advertised": advertised,
        "premiums": premiums,
        "rank": rows(group["rank"], names["rank"]) or _NO_RANK,
        "is_shown": _is_shown(bands, "cards")
        or any(figure is not None for figure in (advertised["base"]["p50"], group["demand"], *told)),
        "is_at_l5": _is_shown(bands, "roles"),
        "is_staged": _is_shown(bands, "paths"),
    }


def _nothing(groups: Iterable[Row], section: str) -> list[tuple[str, str]]:
    """Say why groups show no band in a section, and what to use instead.

    Returns:
        (labels, words): the labels of the groups that the same words are about. Bands are of total pay, and are named
        only if the words about them differ.
    """
    found: dict[str, list[str]] = {}
    for group in groups:
        bands = group["bands"]["total"]
        said = {name: _withheld(bands[tier][level]) for name, (tier, level) in _PLACES[section].items()}
        is_same = len(set(said.values())) == 1
        words = list(said.values())[:1] if is_same else [f"{name}: {text}" for name, text in said.items()]
        found.setdefault(" ".join(words), []).append(group["label"])
    return [(", ".join(labels), words) for words, labels in found.items()]


def _withheld(band: Row) -> str:
    """Say why a band is withheld and what to use instead."""
    instead = f" Instead, {band['instead']}." if band["instead"] else ""
    return f"{REASONS[band['suppression_reason']]}.{instead}"


def _is_shown(bands: Row, section: str) -> bool:
    """True if base or total is shown at one of the places of a section."""
    return any(
        of[tier][level]["p50"] is not None
        for of in bands.values()
        for tier, level in _PLACES[section].values()
        if level in of.get(tier, {})
    )


def _placed(bands: Row) -> Iterator[tuple[str, str, str, Row]]:
    """Yield metric, tier, level and band."""
    for metric, tiers in bands.items():
        for tier, levels in tiers.items():
            for level, band in levels.items():
                yield metric, tier, level, band


def _pay_end(groups: Sequence[Row], section: str) -> int:
    """Return the end of a section's scale of pay: a round figure that is no less than any shown one."""
    places = _PLACES[section].values()
    bands = [g["bands"][metric][tier][level] for g in groups for metric in METRICS for tier, level in places]
    bands += [g["advertised"]["base"] for g in groups]
    return _scale(bands)


def _scale(bands: Iterable[Row]) -> int:
    """Return the end of a scale of pay that these bands fit on."""
    most = max((band.get(name) or 0 for band in bands for name in ("p75", "p50_high")), default=0)
    return max(50_000, -(-most // 50_000) * 50_000)


def _premium_ends(groups: Sequence[Row], baseline: str, metric: str) -> tuple[float, float]:
    """Return the ends of a section's scale of premiums."""
    shown = [g["premiums"][baseline][metric]["all"]["all"] for g in groups]
    bounds = [premium[name] or 0.0 for premium in shown for name in ("premium_low", "premium_high")]
    return min(0.0, *bounds), max(0.1, *bounds)


def _place(value: float, low: float, high: float) -> str:
    """Return the position of a value between two ends as a CSS percentage."""
    return f"{100 * (value - low) / (high - low):.1f}%"


def _signed(ratio: float) -> str:
    """Format a ratio as a signed percentage without the sign for percent: 0.082 is +8.2."""
    return f"{ratio * 100:+.1f}".replace("-", "−")


def _percent(ratio: float) -> str:
    return f"{_signed(ratio)}\u00a0%"


def _share(share: float) -> str:
    return f"{share * 100:.1f}\u00a0%"
