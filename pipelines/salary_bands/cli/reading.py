"""Commands that read: bands, offers, releases, differences, and titles."""

import csv
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from salary_bands.cli.common import AsJson, MartsFolder, ReleaseVersion, err, json_text, marts_in, out, print_json
from salary_bands.errors import UsageError


def show(
    marts: MartsFolder = None,
    release: ReleaseVersion = None,
    view: Annotated[
        str | None,
        typer.Option(
            help="leaf, cards, llm_roles, career_paths, specialties.", show_default="cards, or the view of the group"
        ),
    ] = None,
    group: Annotated[str | None, typer.Option(help="Group of a view.", show_default="all groups of the view")] = None,
    tier: Annotated[str, typer.Option(help="T1 to T5, unknown, all, or `each`.")] = "all",
    level: Annotated[str, typer.Option(help="L3 to L7, early, senior, all, or `each`.")] = "all",
    market: Annotated[str, typer.Option(help="global, a country such as US, or a metro such as us-sf-bay.")] = "US",
    metric: Annotated[
        str | None, typer.Option(help="base, bonus, equity, total, ...", show_default="base and total")
    ] = None,
    evidence: Annotated[str, typer.Option(help="reported or advertised.")] = "reported",
    as_json: AsJson = False,
) -> None:
    """Show bands of a release; by default base and total pay of the cards in the US.

    Without filters, what the release can show best comes first: all of machine learning, the generalist and data
    science by level, tier and place.
    """
    from salary_bands.cli.printing.reading import print_bands, print_leading
    from salary_bands.query.bands import band_rows

    filters = (group, tier, level, market, metric, evidence)
    is_plain = filters == (None, "all", "all", "US", None, "reported") and view in (None, "cards")
    found = band_rows(
        marts_in(marts), release, view=view, group=group, tier=tier, level=level, market=market,
        metrics=[metric] if metric else ["base", "total"], evidence=evidence, with_leading=is_plain,
    )  # fmt: skip
    if as_json:
        print_json(found)
    else:
        print_leading(out, found.get("leading", []))
        print_bands(out, err, found)


def offer(
    group: Annotated[str, typer.Option(help="Specialisation: a leaf, or a group of another view.")],
    tier: Annotated[str, typer.Option(help="Tier of the employer: T1 to T5, unknown, or all.")] = "all",
    level: Annotated[str, typer.Option(help="L3 to L7, early, senior, or all.")] = "all",
    market: Annotated[str, typer.Option(help="A metro such as us-sf-bay, a country such as US, or global.")] = "US",
    base: Annotated[float | None, typer.Option(help="Base pay, USD a year.")] = None,
    equity: Annotated[
        float | None, typer.Option(help="A year's share of the grant at face value, USD; 0 for none.")
    ] = None,
    bonus: Annotated[float | None, typer.Option(help="Annual bonus, USD; 0 for none.")] = None,
    equity_liquid: Annotated[str | None, typer.Option(help="yes if the equity can be sold.", show_default="no")] = None,
    view: Annotated[
        str | None,
        typer.Option(help="View of the group.", show_default="the first that has it: leaf, cards, llm_roles, ..."),
    ] = None,
    marts: MartsFolder = None,
    release: ReleaseVersion = None,
    as_json: AsJson = False,
) -> None:
    """Find the percentiles of an offer, with intervals, the cells that answered and comparable cells."""
    from salary_bands.cli.printing.offer import print_offer
    from salary_bands.query.offer import Offer, check_offer

    asked = Offer(group, tier, level, market, base, bonus, equity, equity_liquid, view)
    found = check_offer(marts_in(marts), release, asked)
    if as_json:
        print_json(found)
    else:
        print_offer(out, err, found)


def classify(
    titles: Annotated[
        list[str] | None, typer.Argument(help="Job titles.", show_default="the lines of standard input")
    ] = None,
    file: Annotated[Path | None, typer.Option("--in", help="CSV with title, specialisation, skills, employer.")] = None,
    employer: Annotated[str, typer.Option(help="Employer of the titles in the arguments or standard input.")] = "",
    as_json: AsJson = False,
) -> None:
    """Classify job titles: the leaf, the rule and the words that decided. With --json one object per line."""
    from salary_bands.cli.printing.reading import print_classified
    from salary_bands.settings import load

    load()  # lays the own reference folder over the package's
    found = classified(titles or [], file, employer)
    if as_json:
        for row in found:
            sys.stdout.write(json_text(row) + "\n")
    else:
        print_classified(out, found)


def diff(
    old: Annotated[str, typer.Argument(help="Version of a release.")],
    new: Annotated[str, typer.Argument(help="Version of another; the earlier comes first.")],
    marts: MartsFolder = None,
    view: Annotated[str | None, typer.Option(help="Only this view; the options below filter likewise.")] = None,
    group: Annotated[str | None, typer.Option(help="Group of the view.")] = None,
    tier: Annotated[str | None, typer.Option(help="T1 to T5, unknown or all.")] = None,
    level: Annotated[str | None, typer.Option(help="L3 to L7, early, senior or all.")] = None,
    market: Annotated[str | None, typer.Option(help="global, a country or a metro.")] = None,
    metric: Annotated[str | None, typer.Option(help="base, bonus, equity, total, ...")] = None,
    evidence: Annotated[str | None, typer.Option(help="reported or advertised.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two releases and why, and how much is due to method, pay and mix.

    With --json the document has every cell whose median changed.
    """
    from salary_bands.cli.printing.diff import print_diff
    from salary_bands.query.diff import diff_releases

    filters = {
        "view": view, "group_id": group, "tier": tier, "level": level, "market": market, "metric": metric,
        "evidence": evidence,
    }  # fmt: skip
    found = diff_releases(marts_in(marts), old, new, filters)
    if as_json:
        print_json(found)
    else:
        print_diff(out, err, found)


def releases(marts: MartsFolder = None, as_json: AsJson = False) -> None:
    """List the releases, newest first."""
    from salary_bands.cli.printing.reading import print_releases
    from salary_bands.query.releases import release_rows

    found = release_rows(marts_in(marts))
    if as_json:
        print_json([asdict(row) for row in found])
    else:
        print_releases(out, found)


def classified(titles: list[str], file: Path | None, employer: str = "") -> list[dict[str, str]]:
    """Return title, leaf, rule and evidence of the titles in the arguments and the file, else of standard input."""
    from salary_bands.vocabulary.employers import kind_today
    from salary_bands.vocabulary.titles import classify

    rows = [(title, "", "", employer) for title in titles]
    if file:
        rows += _titles_in(file)
    elif not titles:
        rows = [(line.rstrip("\n"), "", "", employer) for line in sys.stdin]
    kinds = kind_today([name for _, _, _, name in rows])
    found = []
    for (title, specialisation, skills, _), kind in zip(rows, kinds, strict=True):
        answer = classify(title, specialisation, skills, kind)
        found.append({"title": title, "leaf": answer.leaf, "rule": answer.rule, "evidence": answer.evidence})
    return found


def _titles_in(file: Path) -> list[tuple[str, str, str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if "title" not in (reader.fieldnames or []):
                raise UsageError(f"{file}: column title is missing; specialisation, skills and employer are optional")
            columns = ("title", "specialisation", "skills", "employer")
            return [tuple(row.get(name) or "" for name in columns) for row in reader]  # type: ignore[misc]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}") from None
