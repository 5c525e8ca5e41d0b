"""feed.xml: an Atom feed of the releases."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from salary_bands.releases.pointers import Entry

_ATOM = "http://www.w3.org/2005/Atom"
_ID = "tag:salary-bands,2026:"


@dataclass(frozen=True)
class FeedEntry:
    """A release in the feed. page: path of its page, or of its manifest if it has none. news: what moved in it."""

    entry: Entry
    page: str
    synthetic: bool
    news: str = ""


def feed_text(entries: Iterable[FeedEntry]) -> str:
    """Write the feed of the releases, in their order. It reads no clock: a release is as old as its date."""
    found = list(entries)
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed")
    _text(feed, "title", "Salary Bands: releases")
    _text(feed, "id", f"{_ID}releases")
    _text(feed, "updated", _midnight(max((f.entry.as_of for f in found), default="1970-01-01")))
    _text(ET.SubElement(feed, f"{{{_ATOM}}}author"), "name", "Salary Bands")
    _link(feed, "self", "feed.xml", "application/atom+xml")
    for each in found:
        _add(feed, each)
    ET.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'


def _add(feed: ET.Element, each: FeedEntry) -> None:
    entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
    release, synthetic = each.entry, ("synthetic", each.synthetic)
    states = (("withdrawn", release.is_withdrawn), ("rolled back", release.rolled_back), synthetic)
    marks = [word for word, applies in states if applies]
    version, as_of = release.version, release.as_of
    _text(entry, "title", f"Compensation bands in machine learning, {version}{''.join(f' ({m})' for m in marks)}")
    _text(entry, "id", f"{_ID}release:{version}")
    _text(entry, "updated", _midnight(as_of))
    _link(entry, "alternate", each.page, "text/html" if each.page.endswith(".html") else "application/json")
    if not each.page.endswith(".json"):
        _link(entry, "related", release.manifest.path, "application/json")
    for mark in marks:
        ET.SubElement(entry, f"{{{_ATOM}}}category", {"term": mark})
    summary = f"Pay over the 12 months up to {as_of}."
    if each.synthetic:
        summary += " Synthetic: made from generated data, nobody earns these figures."
    if each.news:
        summary += f" {each.news}"
    if release.is_withdrawn or release.rolled_back:
        state = "Withdrawn" if release.is_withdrawn else "Rolled back"
        summary += f" {state}: {release.reason or 'no reason given'}"
    _text(entry, "summary", summary)


def _midnight(day: str) -> str:
    return f"{day}T00:00:00Z"


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{name}").text = text


def _link(parent: ET.Element, rel: str, href: str, media: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}link", {"rel": rel, "href": href, "type": media})
