"""feed.xml: an Atom feed of the releases."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

_ATOM = "http://www.w3.org/2005/Atom"
_ID = "tag:salary-bands,2026:"


@dataclass(frozen=True)
class FeedEntry:
    """A release in the feed. entry: as releases.json has it; page: path of its page, or of its manifest."""

    entry: dict[str, Any]
    page: str
    synthetic: bool


def feed_text(entries: Iterable[FeedEntry]) -> str:
    """The feed of the releases in that order; no clock, a release is as old as its date."""
    found = list(entries)
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed")
    _text(feed, "title", "Salary Bands: releases")
    _text(feed, "id", f"{_ID}releases")
    _text(feed, "updated", _midnight(max((f.entry["as_of"] for f in found), default="1970-01-01")))
    _text(ET.SubElement(feed, f"{{{_ATOM}}}author"), "name", "Salary Bands")
    _link(feed, "self", "feed.xml", "application/atom+xml")
    for each in found:
        _add(feed, each)
    ET.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'


def _add(feed: ET.Element, each: FeedEntry) -> None:
    entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
    withdrawn = each.entry["status"] == "withdrawn"
    rolled_back = bool(each.entry.get("rolled_back"))
    states = (("withdrawn", withdrawn), ("rolled back", rolled_back), ("synthetic", each.synthetic))
    marks = [word for word, said in states if said]
    version, as_of = each.entry["version"], each.entry["as_of"]
    _text(entry, "title", f"Compensation bands in machine learning, {version}{''.join(f' ({m})' for m in marks)}")
    _text(entry, "id", f"{_ID}release:{version}")
    _text(entry, "updated", _midnight(as_of))
    _link(entry, "alternate", each.page, "text/html" if each.page.endswith(".html") else "application/json")
    if not each.page.endswith(".json"):
        _link(entry, "related", each.entry["manifest"]["path"], "application/json")
    for mark in marks:
        ET.SubElement(entry, f"{{{_ATOM}}}category", {"term": mark})
    summary = f"Pay over the 12 months up to {as_of}."
    if each.synthetic:
        summary += " Synthetic: made from generated data, nobody earns these figures."
    if withdrawn or rolled_back:
        state = "Withdrawn" if withdrawn else "Rolled back"
        summary += f" {state}: {each.entry['reason'] or 'no reason given'}"
    _text(entry, "summary", summary)


def _midnight(day: str) -> str:
    return f"{day}T00:00:00Z"


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{name}").text = text


def _link(parent: ET.Element, rel: str, href: str, media: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}link", {"rel": rel, "href": href, "type": media})
