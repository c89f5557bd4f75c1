from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import ProviderError
from company.newsroom import Entry, parse_feed

Rss = Callable[..., bytes]

ATOM = """<?xml version="1.0" encoding="iso-8859-1"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Börse</title>
<entry><title type="html">Ether &amp;lt;b&amp;gt;rises&amp;lt;/b&amp;gt;</title><id>urn:1</id>
<link href="https://www.Example.org/a?b=1&amp;c=2"/><updated>2026-03-01T10:00:00+02:00</updated>
<summary>Über Nacht</summary></entry></feed>""".encode("iso-8859-1")


def one(document: bytes) -> Entry:
    (entry,) = parse_feed(document, where="wire")
    return entry


def test_rss_item_becomes_an_entry(rss: Rss) -> None:
    entry = one(
        rss(
            {
                "title": "Bitcoin  rises",
                "link": "https://www.harbourwire.example/a",
                "guid": "g-1",
                "pubDate": "Mon, 02 Mar 2026 10:00:00 +0100",
                "description": "<p>First.</p><p>Second &amp; last.</p><script>alert(1)</script>",
            }
        )
    )
    assert entry == Entry(
        guid="g-1",
        title="Bitcoin rises",
        summary="First.\n\nSecond & last.",
        source="Wire",
        link="https://www.harbourwire.example/a",
        at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    )
    assert entry.host == "harbourwire.example"


def test_atom_in_latin_1_is_read() -> None:
    entry = one(ATOM)
    assert (entry.guid, entry.source, entry.summary) == ("urn:1", "Börse", "Über Nacht")
    assert entry.host == "example.org"
    assert entry.at == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def test_item_names_its_own_outlet() -> None:
    document = b"""<rss version="2.0"><channel><title>All</title><item><title>x</title>
    <source url="https://basispoints.example/feed">Basis Points</source></item></channel></rss>"""
    assert one(document).source == "Basis Points"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "https://", "https://a b", "http://[", "x" * 400, "//a/b"]
)
def test_link_that_is_no_plain_web_address_is_dropped(rss: Rss, link: str) -> None:
    assert one(rss({"title": "x", "guid": "1", "link": link})).link == ""


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 Foo 20260 99:99:99", "0000-00-00T00:00:00Z"])
def test_unreadable_date_is_no_date(rss: Rss, date: str) -> None:
    assert one(rss({"title": "x", "pubDate": date})).at is None


def test_item_without_title_is_left_out(rss: Rss) -> None:
    assert parse_feed(rss({"guid": "1"}, {"title": "\u200b"}), where="wire") == ()


def test_texts_are_cut(rss: Rss) -> None:
    entry = one(rss({"title": "t" * 5_000, "description": "d" * 5_000}))
    assert (len(entry.title), len(entry.summary)) == (160, 600)
    assert entry.title.endswith("…")


def test_only_200_entries_are_read(rss: Rss) -> None:
    many = ({"title": f"title {number}"} for number in range(300))
    assert len(parse_feed(rss(*many), where="wire")) == 200


BOMB = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<rss version="2.0"><channel><title>&b;</title></channel></rss>"""
OUTSIDE = (
    b"""<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>"""
)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "not well-formed"),
        (b"/etc/hostname", "not well-formed"),
        (b"<rss><channel></rss>", "line 1, column 16"),
        (b"<rss><channel><title>a&nbsp;b</title></channel></rss>", "undefined entity"),
        (b"<?xml version='1.0' encoding='\xff'?><rss/>", "not well-formed"),
        (b"<?xml version='1.0' encoding='shift_jis'?><rss/>", "not well-formed"),
        (b"<html><body>404</body></html>", "neither RSS nor Atom"),
        (BOMB, "declares its own entities"),
        (OUTSIDE, "declares its own entities"),
        (b"<a>" * 100 + b"</a>" * 100, "nests more than"),
        (b"<rss>" + b"<a/>" * 30_000 + b"</rss>", "more than 20000 elements"),
        (b"<rss><title>" + b"9" * 200_000 + b"</title></rss>", "text of more than"),
        (b"<rss a='" + b"9" * 200_000 + b"'/>", "attribute of more than"),
        (b" " * 1_000_001, "1000001 bytes"),
        (b"<rss><a:Author>" + b"9<i/>" * 401 + b"</a:Author></rss>", "names a person with more than 400"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_document_that_is_no_honest_feed_is_refused_with_its_place(document: bytes, says: str) -> None:
    with pytest.raises(ProviderError, match=f"(?s)feed 'wire'.*{says}"):
        parse_feed(document, where="wire")


def reads_or_refuses(document: bytes) -> None:
    try:
        entries = parse_feed(document, where="wire")
    except ProviderError:
        return
    assert all(0 < len(entry.title) <= 160 and len(entry.summary) <= 600 for entry in entries)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    reads_or_refuses(document)


@given(st.binary(max_size=200), st.integers(0, len(ATOM)), st.integers(0, 20))
def test_any_damage_to_a_feed_is_read_or_refused(noise: bytes, at: int, lost: int) -> None:
    reads_or_refuses(ATOM[:at] + noise + ATOM[at + lost :])


NAMES = (
    st.sampled_from(
        ["item", "entry", "title", "link", "description", "summary", "content", "guid", "id", "pubDate", "updated"]
    )
    | st.sampled_from(
        [
            "published",
            "source",
            "category",
            "author",
            "image",
            "textInput",
            "cloud",
            "enclosure",
            "media:content",
            "psc:chapter",
        ]
    )
    | st.sampled_from(
        [
            "media:group",
            "dc:date",
            "dc:creator",
            "itunes:image",
            "itunes:keywords",
            "geo:lat",
            "georss:point",
            "gml:pos",
        ]
    )
    | st.sampled_from(["content:encoded", "atom:link", "xhtml:div", "feed", "channel", "rss", "rdf:RDF", "svg", "math"])
)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20) | st.sampled_from(
    ["2026-13-45T99:99:99Z", "-1", "1e999", "%00", "data:,", "http://[::1", "////", "1 2 3", "2026-W60-9", "-04-"]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["href", "rel", "type", "url", "length", "domain", "mode", "base", "lang", "isPermaLink", "xml:base", "src"]
    ),
    TEXTS,
    max_size=3,
)
NAMESPACES = {
    "media": "http://search.yahoo.com/mrss/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "itunes": "http://www.itunes.com/DTDs/PodCast-1.0.dtd",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "gml": "http://www.opengis.net/gml",
    "psc": "http://podlove.org/simple-chapters",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "atom": "http://www.w3.org/2005/Atom",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> str:
    name, attributes = draw(NAMES), draw(ATTRIBUTES)
    inner = draw(st.lists(trees(depth - 1) if depth else TEXTS.map(escaped), max_size=4))
    shown = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{shown}>{escaped(draw(TEXTS))}{''.join(inner)}</{name}>"


def escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


@given(trees(), st.sampled_from(["rss version='2.0'", "feed xmlns='http://www.w3.org/2005/Atom'", "rdf:RDF"]))
def test_any_well_formed_tree_of_feed_elements_is_read_or_refused(tree: str, root: str) -> None:
    spaces = "".join(f" xmlns:{prefix}='{address}'" for prefix, address in NAMESPACES.items())
    reads_or_refuses(f"<{root}{spaces}><channel>{tree}</channel></{root.split(maxsplit=1)[0]}>".encode())
