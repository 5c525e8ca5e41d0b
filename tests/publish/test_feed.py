"""feed.xml: an Atom feed of releases."""

from pathlib import Path

import feedparser
import pytest
from lxml import etree

from salary_bands.publish.feed import FeedEntry, feed_text
from salary_bands.publish.pointers import write_pointers
from salary_bands.releases.marts import Marts
from tests.builders.manifests import entry_of

# Atom as RFC 4287 has it, of what we use
GRAMMAR = """
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <start><element name="feed"><interleave>
    <element name="title"><text/></element>
    <element name="id"><ref name="uri"/></element>
    <element name="updated"><data type="dateTime"/></element>
    <oneOrMore><element name="author"><element name="name"><text/></element></element></oneOrMore>
    <zeroOrMore><ref name="link"/></zeroOrMore>
    <zeroOrMore><ref name="entry"/></zeroOrMore>
  </interleave></element></start>
  <define name="entry"><element name="entry"><interleave>
    <element name="title"><text/></element>
    <element name="id"><ref name="uri"/></element>
    <element name="updated"><data type="dateTime"/></element>
    <oneOrMore><ref name="link"/></oneOrMore>
    <zeroOrMore><element name="category"><attribute name="term"/></element></zeroOrMore>
    <optional><element name="summary"><text/></element></optional>
  </interleave></element></define>
  <define name="link"><element name="link">
    <attribute name="rel"><choice>
      <value>self</value><value>alternate</value><value>related</value>
    </choice></attribute>
    <attribute name="href"/>
    <attribute name="type"><data type="string"><param name="pattern">.+/.+</param></data></attribute>
  </element></define>
  <define name="uri"><data type="string"><param name="pattern">(tag|urn):\\S+</param></data></define>
</grammar>
"""


def fed(version: str, status: str = "published", reason: str | None = None, synthetic: bool = False) -> FeedEntry:
    entry = entry_of(version).model_copy(update={"status": status, "reason": reason})
    return FeedEntry(entry, f"releases/{version}/index.html", synthetic)


FED = [fed("2026.07.31.1"), fed("2026.07.31", "withdrawn", 'pay of "A & B" <twice>'), fed("2026.06.30", synthetic=True)]


@pytest.mark.parametrize("entries", [FED, FED[:1], []])
def test_the_feed_is_valid_atom(entries: list[FeedEntry]) -> None:
    schema = etree.RelaxNG(etree.fromstring(GRAMMAR))
    schema.assertValid(etree.fromstring(feed_text(entries).encode()))
    assert not feedparser.parse(feed_text(entries)).bozo
    if entries:
        broken = feed_text(entries).replace("<updated>", "<updated>yes ", 1)
        assert not schema.validate(etree.fromstring(broken.encode()))


def test_a_reader_finds_the_releases_newest_first_with_what_is_withdrawn() -> None:
    feed = feedparser.parse(feed_text(FED))
    assert feed.feed.id.startswith("tag:")
    assert feed.feed.updated == "2026-07-31T00:00:00Z"
    assert [e.id.rsplit(":", 1)[1] for e in feed.entries] == ["2026.07.31.1", "2026.07.31", "2026.06.30"]
    assert len({e.id for e in feed.entries}) == 3
    assert [e.link for e in feed.entries] == [f.page for f in FED]
    assert [sorted(t.term for t in e.get("tags", [])) for e in feed.entries] == [[], ["withdrawn"], ["synthetic"]]
    assert "(withdrawn)" in feed.entries[1].title and 'pay of "A & B" <twice>' in feed.entries[1].summary
    assert "(synthetic)" in feed.entries[2].title and "nobody earns" in feed.entries[2].summary


def test_a_release_that_was_rolled_back_says_so() -> None:
    kept = fed("2026.07.31", reason="rolled back to 2026.06.30")
    [entry] = feedparser.parse(
        feed_text([FeedEntry(kept.entry.model_copy(update={"rolled_back": True}), kept.page, False)])
    ).entries
    assert "(rolled back)" in entry.title and "Rolled back: rolled back to 2026.06.30" in entry.summary


def test_it_is_written_with_the_pointers_and_is_the_same_each_time(sample_release: Path, tmp_path: Path) -> None:
    marts = Marts(sample_release.parents[1])
    text = (marts.folder / "feed.xml").read_text(encoding="utf-8")
    [entry] = feedparser.parse(text).entries
    assert (marts.folder / entry.link) == sample_release / "index.html"
    assert "(synthetic)" in entry.title
    elsewhere = Marts(tmp_path)
    (tmp_path / "releases").symlink_to(sample_release.parent)
    write_pointers(elsewhere, marts.releases())
    assert (tmp_path / "feed.xml").read_text(encoding="utf-8") == text
    write_pointers(elsewhere, [marts.releases()[0].model_copy(update={"status": "withdrawn", "reason": "tried"})])
    assert "Withdrawn: tried" in (tmp_path / "feed.xml").read_text(encoding="utf-8")


def test_a_release_from_before_there_were_pages_links_its_manifest(tmp_path: Path) -> None:
    entry = fed("2026.01.31").entry
    write_pointers(Marts(tmp_path), [entry])
    [found] = feedparser.parse((tmp_path / "feed.xml").read_text(encoding="utf-8")).entries
    assert [link.href for link in found.links] == [entry.manifest.path]


def test_it_says_what_moved_beyond_noise() -> None:
    moved = FeedEntry(FED[0].entry, FED[0].page, False, "3 medians changed; 1 of these moves can be told from noise.")
    [entry] = feedparser.parse(feed_text([moved])).entries
    assert entry.summary.endswith("3 medians changed; 1 of these moves can be told from noise.")
