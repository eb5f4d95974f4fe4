"""HTTP: what each request for a file gets, by the sections of RFC 9110 and 9111."""

import re
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feedbridge.standards import http
from feedbridge.standards.dates import rfc822

NOW = datetime(2026, 11, 25, 21, tzinfo=UTC)
MODIFIED = datetime(2026, 11, 24, 8, 49, 37, tzinfo=UTC)
SAME, BEFORE, AFTER = (rfc822(MODIFIED + timedelta(seconds=seconds)) for seconds in (0, -1, 1))
PLAIN, PACKED = '"plain,1"', '"packed;2"'  # a comma and a semicolon are characters of a tag like any other
IDENTITY = http.Variant(coding="identity", length_bytes=1000, tag=PLAIN)
GZIP = http.Variant(coding="gzip", length_bytes=100, tag=PACKED)
FEED = http.Representation(
    type="application/atom+xml; charset=utf-8",
    kind="feed",
    modified=MODIFIED,
    identity=IDENTITY,
    gzip=GZIP,
    address="https://feeds.example.org/atom.xml",
)
PAGE = http.Representation(
    type="text/html; charset=utf-8",
    kind="page",
    modified=MODIFIED,
    identity=IDENTITY,
    policy="default-src 'none'",
)
EMPTY = http.Representation(
    type="text/plain; charset=utf-8",
    kind="file",
    modified=MODIFIED,
    identity=http.Variant(coding="identity", length_bytes=0, tag='""'),
)


def ask(representation: Any = FEED, /, method: str = "GET", *, now: datetime = NOW, **fields: str) -> Any:
    """Give the answer to a request with the fields that the arguments name."""
    head = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in fields.items()]
    return http.answer(http.read_request(method, head), representation, now=now)


def tag(answer: Any) -> str:
    """Give the entity tag that an answer carries, "" if none."""
    return str(dict(answer.fields).get("etag", ""))


@pytest.mark.parametrize(
    ("version", "hosts", "expected"),
    [
        ("1.1", [b"feeds.example.org"], True),
        ("1.1", [b"feeds.example.org:8000"], True),
        ("1.1", [b"[::1]:8000"], True),
        ("1.1", [b"127.0.0.1"], True),
        ("1.1", [b""], True),  # of an address without a host (RFC 9112 §3.2)
        ("1.1", [], False),
        ("1.1", [b"a", b"b"], False),
        ("1.1", [b"a, b"], False),
        ("1.1", [b"a b"], False),
        ("1.1", [b"a/b"], False),
        ("1.1", [b"a@b"], False),
        ("1.1", [b"a:b"], False),
        ("1.1", [b"\xe4"], False),
        ("1.0", [], True),
        ("1.0", [b"a"], True),
        ("1.0", [b"a", b"a"], False),
    ],
)
def test_host_is_named_once(version, hosts, expected):
    """HTTP/1.1 wants one host, HTTP/1.0 at most one (RFC 9112 §3.2)."""
    assert http.is_well_addressed(hosts, version) is expected


# --- conditions -------------------------------------------------------------------------

CONDITIONS = [
    pytest.param({}, 200, id="none"),
    # §13.1.2 If-None-Match: weak comparison
    pytest.param({"if_none_match": PLAIN}, 304, id="the tag"),
    pytest.param({"if_none_match": f"W/{PLAIN}"}, 304, id="a proxy made the tag weak"),
    pytest.param({"if_none_match": f'"old", {PLAIN}'}, 304, id="the tag in a list"),
    pytest.param({"if_none_match": f',, "a,b" ,\t{PLAIN} ,'}, 304, id="empty elements and commas in tags"),
    pytest.param({"if_none_match": "*"}, 304, id="any tag"),
    pytest.param({"if_none_match": " * "}, 304, id="any tag between spaces"),
    pytest.param({"if_none_match": '"old"'}, 200, id="another tag"),
    pytest.param({"if_none_match": '"PLAIN,1"'}, 200, id="tags are case-sensitive"),
    pytest.param({"if_none_match": '"plain", "1"'}, 200, id="parts of the tag are not the tag"),
    pytest.param({"if_none_match": f"w/{PLAIN}"}, 200, id="a small w is malformed"),
    pytest.param({"if_none_match": "plain,1"}, 200, id="no quotes"),
    pytest.param({"if_none_match": f"{PLAIN} {PLAIN}"}, 200, id="no comma"),
    pytest.param({"if_none_match": f"{PLAIN}, x"}, 200, id="one malformed tag spoils the list"),
    pytest.param({"if_none_match": f"*, {PLAIN}"}, 200, id="any tag is no element of a list"),
    pytest.param({"if_none_match": ""}, 200, id="an empty list"),
    pytest.param({"if_none_match": '"plain,1-gzip"'}, 200, id="a tag that another server changed"),
    # §13.1.3 If-Modified-Since
    pytest.param({"if_modified_since": SAME}, 304, id="not modified since"),
    pytest.param({"if_modified_since": AFTER}, 304, id="not modified since a later date"),
    pytest.param({"if_modified_since": BEFORE}, 200, id="modified since"),
    pytest.param({"if_modified_since": "Tuesday, 24-Nov-26 08:49:37 GMT"}, 304, id="as RFC 850 wrote it"),
    pytest.param({"if_modified_since": "Tue Nov 24 08:49:37 2026"}, 304, id="as asctime writes it"),
    pytest.param({"if_modified_since": "yesterday"}, 200, id="no date"),
    pytest.param({"if_modified_since": f"{SAME}, {SAME}"}, 200, id="two dates"),
    pytest.param({"if_none_match": '"old"', "if_modified_since": AFTER}, 200, id="a tag hides a date"),
    pytest.param({"if_none_match": "x", "if_modified_since": AFTER}, 200, id="a malformed one too"),
    pytest.param({"if_none_match": PLAIN, "if_modified_since": BEFORE}, 304, id="in both ways"),
    # §13.1.1 If-Match: strong comparison
    pytest.param({"if_match": PLAIN}, 200, id="match"),
    pytest.param({"if_match": f'"old" , {PLAIN}'}, 200, id="match in a list"),
    pytest.param({"if_match": "*"}, 200, id="match anything"),
    pytest.param({"if_match": '"old"'}, 412, id="no match"),
    pytest.param({"if_match": f"W/{PLAIN}"}, 412, id="a weak tag never matches strongly"),
    pytest.param({"if_match": ""}, 412, id="match nothing"),
    pytest.param({"if_match": "x"}, 412, id="match what is no tag"),
    # §13.1.4 If-Unmodified-Since
    pytest.param({"if_unmodified_since": SAME}, 200, id="unmodified since"),
    pytest.param({"if_unmodified_since": AFTER}, 200, id="unmodified since a later date"),
    pytest.param({"if_unmodified_since": BEFORE}, 412, id="modified since, though it should not be"),
    pytest.param({"if_unmodified_since": "yesterday"}, 200, id="unmodified since no date"),
    # §13.2.2 their order
    pytest.param({"if_match": PLAIN, "if_unmodified_since": BEFORE}, 200, id="If-Match hides the date"),
    pytest.param({"if_match": '"old"', "if_none_match": PLAIN}, 412, id="412 comes before 304"),
    pytest.param({"if_match": PLAIN, "if_none_match": PLAIN}, 304, id="304 after a match"),
    pytest.param({"if_unmodified_since": BEFORE, "if_none_match": PLAIN}, 412, id="412 by date before 304"),
    pytest.param({"if_unmodified_since": SAME, "if_modified_since": SAME}, 304, id="304 after a date"),
    pytest.param({"if_none_match": PLAIN, "range": "bytes=0-9"}, 304, id="304 comes before 206"),
    pytest.param({"if_modified_since": SAME, "range": "bytes=0-9"}, 304, id="304 by date before 206"),
    pytest.param({"if_none_match": PLAIN, "range": "bytes=9999-"}, 304, id="304 comes before 416"),
    pytest.param({"if_match": '"old"', "range": "bytes=0-9"}, 412, id="412 comes before 206"),
    pytest.param({"if_none_match": '"old"', "range": "bytes=0-9"}, 206, id="206 last"),
    pytest.param({"if_match": PLAIN, "range": "bytes=0-9"}, 206, id="a match and a range"),
]


@pytest.mark.parametrize("variants", [FEED, PAGE], ids=["two variants", "one variant"])
@pytest.mark.parametrize(("fields", "expected"), CONDITIONS)
def test_conditions_of_get(fields, expected, variants):
    """Each condition counts as its section says, in the order of §13.2.2, whatever variants there are."""
    assert ask(variants, **fields).status == expected


@pytest.mark.parametrize(("fields", "expected"), CONDITIONS)
def test_conditions_of_head(fields, expected):
    """HEAD gets what GET gets, without a body, and knows no ranges (§9.3.2, §14.2)."""
    answer = ask(method="HEAD", **fields)
    assert answer.status == (200 if expected == 206 else expected)
    assert answer.start == answer.stop == 0


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", ""]
)
@pytest.mark.parametrize("fields", [{}, {"if_match": '"old"'}, {"if_none_match": "*"}], ids=str)
def test_other_methods_are_refused(method, fields):
    """Only what reads is allowed, the refusal says what is, and conditions cannot hide it (§13.2.1)."""
    answer = ask(method=method, **fields)
    assert (answer.status, dict(answer.fields)["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.stop == 0


def test_options_says_what_is_allowed():
    """OPTIONS names the methods, and of a feed what scripts of other sites may send (Fetch §3.3.5)."""
    answer = ask(method="OPTIONS", origin="https://reader.example", access_control_request_method="GET")
    assert (answer.status, answer.stop) == (204, 0)
    assert dict(answer.fields)["allow"] == "GET, HEAD, OPTIONS"
    assert dict(answer.fields)["access-control-allow-origin"] == "*"
    assert "If-None-Match" in dict(answer.fields)["access-control-allow-headers"]
    assert "access-control-allow-origin" not in dict(ask(PAGE, method="OPTIONS").fields)


# --- variants ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        pytest.param(None, "identity", id="nothing said"),
        pytest.param("", "identity", id="nothing accepted"),
        pytest.param("gzip", "gzip", id="gzip"),
        pytest.param("GZip", "gzip", id="in any case"),
        pytest.param("x-gzip", "gzip", id="its old name"),
        pytest.param("gzip, deflate, br, zstd", "gzip", id="as browsers ask"),
        pytest.param("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip", id="as others ask"),
        pytest.param("deflate, br", "identity", id="others only"),
        pytest.param("*", "gzip", id="anything"),
        pytest.param("*;q=0.5", "gzip", id="anything, by weight"),
        pytest.param("gzip;q=0", "identity", id="not gzip"),
        pytest.param("gzip;q=0.000", "identity", id="not gzip, in full"),
        pytest.param("gzip;q=0, *", "identity", id="anything but gzip"),
        pytest.param("gzip;q=0.001", "gzip", id="gzip if need be"),
        pytest.param("identity", "identity", id="identity"),
        pytest.param("identity, gzip", "gzip", id="as much: the shorter one"),
        pytest.param("identity;q=1, gzip;q=0.5", "identity", id="rather identity"),
        pytest.param("identity;q=0.5, gzip;q=1.0", "gzip", id="rather gzip"),
        pytest.param("gzip;q=0.5, *;q=0.9", "identity", id="rather what is not named"),
        pytest.param("identity;q=0, gzip;q=0.1", "gzip", id="not identity"),
        pytest.param("*;q=0, gzip", "gzip", id="nothing else"),
        pytest.param("*;q=0", "identity", id="nothing at all: told what there is"),
        pytest.param("identity;q=0", "identity", id="neither that we have"),
        pytest.param("gzip ; q=0.5 , identity ; q=0.2", "gzip", id="spaces"),
        pytest.param("gzip;Q=0", "identity", id="a large Q"),
        pytest.param("gzip;q=2", "identity", id="too large a weight"),
        pytest.param("gzip;q=-1", "identity", id="less than no weight"),
        pytest.param("gzip;q=0.1234", "identity", id="too fine a weight"),
        pytest.param("gzip;q=", "identity", id="no weight"),
        pytest.param("gzip;level=9", "identity", id="no parameter of codings"),
        pytest.param("gzip;q=0, gzip", "identity", id="twice: the least"),
        pytest.param("gzip deflate", "identity", id="no comma"),
        pytest.param("notgzip", "identity", id="a longer name"),
        pytest.param(",,gzip,", "gzip", id="empty elements"),
        pytest.param('"gzip"', "identity", id="quotes"),
    ],
)
def test_variant_by_accept_encoding(accepted, expected):
    """The coding of most weight is sent (§12.5.3); what is malformed asks for nothing."""
    fields = {} if accepted is None else {"accept_encoding": accepted}
    answer = ask(**fields)
    assert (answer.coding, tag(answer)) == (expected, PACKED if expected == "gzip" else PLAIN)
    assert dict(answer.fields).get("content-encoding") == ("gzip" if expected == "gzip" else None)
    assert dict(answer.fields)["vary"] == "Accept-Encoding"
    assert answer.stop == int(dict(answer.fields)["content-length"])


def test_only_variant_is_sent_whatever_is_accepted():
    """Where there is one variant the answer does not vary."""
    answer = ask(PAGE, accept_encoding="gzip, identity;q=0")
    assert (answer.status, answer.coding) == (200, "identity")
    assert "vary" not in dict(answer.fields)


@pytest.mark.parametrize(
    ("accepted", "held", "expected"),
    [
        pytest.param("gzip", PACKED, 304, id="what would be sent"),
        pytest.param("gzip", PLAIN, 304, id="held plain, now accepts gzip too"),
        pytest.param("identity, gzip;q=0.1", PACKED, 304, id="held packed, now would rather have it plain"),
        pytest.param(None, PACKED, 304, id="held packed, says nothing now"),
        pytest.param("", PACKED, 200, id="held packed by a cache, wanted plain"),
        pytest.param("gzip;q=0", PACKED, 200, id="held packed, refused"),
        pytest.param("identity;q=0, gzip", PLAIN, 200, id="held plain, refused"),
    ],
)
def test_either_variant_may_be_held(accepted, held, expected):
    """Who holds one of the variants that may be sent gets 304 with that one's tag (RFC 9111 §4.3.4)."""
    fields = {} if accepted is None else {"accept_encoding": accepted}
    answer = ask(if_none_match=held, **fields)
    assert answer.status == expected
    assert (tag(answer) == held) is (expected == 304)


def test_held_both_variants():
    """Of two variants that are held the better one is confirmed."""
    assert tag(ask(if_none_match=f"{PLAIN}, {PACKED}", accept_encoding="gzip")) == PACKED
    assert tag(ask(if_none_match=f"{PACKED}, {PLAIN}", accept_encoding="gzip;q=0.1, identity")) == PLAIN


@pytest.mark.parametrize(("named", "expected"), [(PLAIN, "identity"), (PACKED, "gzip")])
def test_match_chooses_the_variant(named, expected):
    """If-Match is true of the variant that is sent, so the one that it names is sent."""
    answer = ask(if_match=named, accept_encoding="gzip")
    assert (answer.status, answer.coding, tag(answer)) == (200, expected, named)


# --- ranges -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param("bytes=0-0", (0, 1), id="the first byte"),
        pytest.param("bytes=0-499", (0, 500), id="the first half"),
        pytest.param("bytes=500-", (500, 1000), id="the rest"),
        pytest.param("bytes=-1", (999, 1000), id="the last byte"),
        pytest.param("bytes=-400", (600, 1000), id="the last bytes"),
        pytest.param("bytes=-5000", (0, 1000), id="more last bytes than there are"),
        pytest.param("bytes=999-5000", (999, 1000), id="beyond the end"),
        pytest.param("bytes=0-", (0, 1000), id="from the first on"),
        pytest.param("Bytes=0-0", (0, 1), id="units in any case (§14.1)"),
        pytest.param("bytes= ,0-0 ,\t", (0, 1), id="empty elements"),
        pytest.param("bytes=007-008", (7, 9), id="zeros before numbers"),
    ],
)
def test_range_is_sent(field, expected):
    """One range is sent as 206, with its place in the whole (§15.3.7)."""
    answer = ask(range=field)
    assert (answer.status, answer.start, answer.stop) == (206, *expected)
    assert dict(answer.fields)["content-range"] == f"bytes {expected[0]}-{expected[1] - 1}/1000"
    assert dict(answer.fields)["content-length"] == str(expected[1] - expected[0])


@pytest.mark.parametrize("field", ["bytes=1000-", "bytes=1000-1001", "bytes=99999-", "bytes=-0"])
def test_range_that_is_not_there(field):
    """416 says how long the variant is (§15.5.17)."""
    answer = ask(range=field)
    assert (answer.status, answer.stop, dict(answer.fields)["content-range"]) == (416, 0, "bytes */1000")
    answer = ask(range=field, accept_encoding="gzip")
    assert (answer.status, dict(answer.fields)["content-range"]) == (416, "bytes */100")


@pytest.mark.parametrize(
    "field",
    [
        "bytes=0-0,2-3",
        "bytes=0-1,5000-",
        "bytes=5000-,6000-",
        "bytes=2-1",
        "bytes=-",
        "bytes=",
        "bytes",
        "bytes=a-b",
        "bytes=0-0x",
        "bytes=0 - 1",
        "bytes=-1-2",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes = 0-0",
        "lines=0-0",
        "0-0",
        "",
        f"bytes=0-{'9' * 5000}",
        f"bytes={'9' * 5000}-",
        "bytes=²-³",
    ],
    ids=lambda field: field[:20],
)
def test_ranges_that_are_ignored(field):
    """Several ranges, other units and malformed ones get the whole, as §14.2 allows."""
    answer = ask(range=field)
    assert (answer.status, answer.start, answer.stop) == (200, 0, 1000)


def test_range_of_the_packed_variant():
    """A range is one of the bytes as they are coded, not of those that they stand for (§14.1.2)."""
    answer = ask(range="bytes=50-", accept_encoding="gzip")
    assert (answer.status, answer.coding, answer.start, answer.stop) == (206, "gzip", 50, 100)
    assert dict(answer.fields)["content-range"] == "bytes 50-99/100"
    assert dict(answer.fields)["content-encoding"] == "gzip"


@pytest.mark.parametrize("field", ["bytes=0-", "bytes=-5"])
def test_range_of_nothing(field):
    """Of an empty file no part can be named, so its last bytes are all of it."""
    assert ask(EMPTY, range=field).status == (200 if field == "bytes=-5" else 416)


IF_RANGE = [
    pytest.param(FEED, PLAIN, 206, "identity", id="the tag"),
    pytest.param(FEED, PACKED, 206, "gzip", id="the tag of the packed one"),
    pytest.param(FEED, '"old"', 200, "gzip", id="an old tag"),
    pytest.param(FEED, f"W/{PLAIN}", 200, "gzip", id="a weak tag is not enough"),
    pytest.param(FEED, f"{PLAIN}, {PLAIN}", 200, "gzip", id="two tags"),
    pytest.param(FEED, "*", 200, "gzip", id="any"),
    pytest.param(FEED, "", 200, "gzip", id="none"),
    pytest.param(FEED, SAME, 200, "gzip", id="a date that two variants share"),
    pytest.param(PAGE, SAME, 206, "identity", id="the date of the only variant"),
    pytest.param(PAGE, AFTER, 200, "identity", id="a later date is not the same"),
    pytest.param(PAGE, BEFORE, 200, "identity", id="an earlier date"),
    pytest.param(PAGE, "yesterday", 200, "identity", id="no date"),
]


@pytest.mark.parametrize(("representation", "field", "status", "coding"), IF_RANGE)
def test_if_range(representation, field, status, coding):
    """A part is sent only of what the client has the other part of, by strong comparison (§13.1.5)."""
    answer = ask(representation, if_range=field, range="bytes=1-2", accept_encoding="gzip, identity;q=0.5")
    assert (answer.status, answer.coding) == (status, coding)


def test_if_range_with_what_the_same_second_may_have_brought():
    """A date is strong only when its second is over (§8.8.2.2)."""
    assert ask(PAGE, if_range=SAME, range="bytes=0-0", now=MODIFIED).status == 200
    assert ask(PAGE, if_range=SAME, range="bytes=0-0", now=MODIFIED + timedelta(seconds=1)).status == 206


def test_if_range_alone_means_nothing():
    """Without a range there is nothing to resume."""
    assert ask(if_range='"old"').status == 200


def test_if_range_that_is_gone_hides_an_impossible_range():
    """What has become shorter is sent whole, not refused."""
    assert ask(if_range='"old"', range="bytes=5000-").status == 200


# --- fields -----------------------------------------------------------------------------

VALIDATORS = {"cache-control", "etag", "vary", "access-control-allow-origin", "access-control-expose-headers"}
DESCRIPTION = {"content-type", "last-modified", "link", "x-content-type-options"}


@pytest.mark.parametrize(
    ("fields", "status", "expected"),
    [
        ({}, 200, VALIDATORS | DESCRIPTION | {"content-length", "accept-ranges"}),
        ({"if_none_match": PLAIN}, 304, VALIDATORS),
        ({"range": "bytes=0-0"}, 206, VALIDATORS | DESCRIPTION | {"content-length", "content-range"}),
        ({"range": "bytes=0-0", "if_range": PLAIN}, 206, VALIDATORS | {"content-length", "content-range"}),
        (
            {"range": "bytes=9999-"},
            416,
            {
                "content-range",
                "content-length",
                "access-control-allow-origin",
                "access-control-expose-headers",
            },
        ),
        (
            {"if_match": '"old"'},
            412,
            {"content-length", "access-control-allow-origin", "access-control-expose-headers"},
        ),
    ],
    ids=["200", "304", "206", "206 after If-Range", "416", "412"],
)
def test_fields_of_a_feed(fields, status, expected):
    """Each answer has the fields that its status must have (§15), and no other."""
    answer = ask(**fields)
    assert answer.status == status
    assert sorted(name for name, _ in answer.fields) == sorted(expected)


def test_fields_of_a_feed_say():
    """What a feed's fields say, word by word."""
    said = dict(ask(accept_encoding="gzip").fields)
    assert said["cache-control"] == "public, max-age=60"
    assert said["content-type"] == "application/atom+xml; charset=utf-8"
    assert said["last-modified"] == "Tue, 24 Nov 2026 08:49:37 GMT"
    assert said["link"] == '<https://feeds.example.org/atom.xml>; rel="self"'
    assert said["access-control-allow-origin"] == "*"


def test_fields_of_a_page():
    """A page has its policy, and no script of another site may read it."""
    said = dict(ask(PAGE).fields)
    assert said["content-security-policy"] == "default-src 'none'"
    assert said["x-content-type-options"] == "nosniff"
    assert not {"access-control-allow-origin", "link", "vary"} & set(said)


def test_head_has_the_fields_of_get():
    """HEAD says all that GET says, its length too."""
    assert ask(method="HEAD", accept_encoding="gzip").fields == ask(accept_encoding="gzip").fields


def test_a_date_to_come_is_not_told():
    """A file that is dated ahead of the clock has no date (§8.8.2.1), so none is compared."""
    early = MODIFIED - timedelta(seconds=1)
    assert "last-modified" not in dict(ask(now=early).fields)
    assert ask(now=early, if_modified_since=AFTER).status == 200
    assert ask(now=early, if_unmodified_since=BEFORE).status == 200
    assert ask(now=early, if_none_match=PLAIN).status == 304


def test_repeated_fields_are_joined():
    """A list may come in several fields (§5.3), also one by one."""
    head = [(b"if-none-match", b'"old"'), (b"host", b"x"), (b"if-none-match", PLAIN.encode())]
    assert http.read_request("GET", head).if_none_match == f'"old", {PLAIN}'
    assert http.answer(http.read_request("GET", head), FEED, now=NOW).status == 304


def test_bytes_beyond_ascii_are_kept():
    """A tag may hold any byte above 127 (§8.8.3)."""
    identity = http.Variant(coding="identity", length_bytes=1, tag='"\xe9"')
    page = http.Representation(type="text/plain", kind="file", modified=MODIFIED, identity=identity)
    request = http.read_request("GET", [(b"if-none-match", b'"\xe9"')])
    assert http.answer(request, page, now=NOW).status == 304


# --- paths ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "directories", "name", "is_index"),
    [
        (b"/", (), b"index.html", True),
        (b"/atom.xml", (), b"atom.xml", False),
        (b"/source/dw", (b"source",), b"dw", False),
        (b"/source/dw/", (b"source", b"dw"), b"index.html", True),
        (b"/a%20b/%E4%B8%AD", (b"a b",), b"\xe4\xb8\xad", False),
        (b"/%61tom.xml", (), b"atom.xml", False),
        (b"/a%252e%252e", (), b"a%2e%2e", False),
        (b"/a+b;c=d", (), b"a+b;c=d", False),
        (b"/a..b/c.", (b"a..b",), b"c.", False),
        (b"/%FF", (), b"\xff", False),
    ],
)
def test_path_leads_to(path, directories, name, is_index):
    """A path is decoded once, step by step; a directory's page is its index."""
    place = http.read_path(path)
    assert place == http.Place(path=b"/".join((*directories, name)), is_index=is_index)
    assert (place.directories, place.name) == (directories, name)


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"*",
        b"atom.xml",
        b"//",
        b"//host/atom.xml",
        b"/source//dw",
        b"/.",
        b"/..",
        b"/../etc/passwd",
        b"/source/../../etc/passwd",
        b"/source/..",
        b"/source/./dw",
        b"/%2e%2e/etc/passwd",
        b"/%2E%2E%2Fetc%2Fpasswd",
        b"/..%2f..%2fetc/passwd",
        b"/source%2Fdw",
        b"/.feedbridge.json",
        b"/%2efeedbridge.json",
        b"/.git/config",
        b"/source/.atom.xml.0123456789abcdef.fbtmp",
        b"/atom.xml%00",
        b"/atom.xml\0",
        b"/%",
        b"/%4",
        b"/%zz",
        b"/100%",
    ],
)
def test_path_leads_nowhere(path):
    """No path leads above the root, to what is hidden, or to one place by two names."""
    assert http.read_path(path) is None


@given(
    st.binary(max_size=60).map(lambda end: b"/" + end) | st.text("/.%2eEfF0a\0", max_size=30).map(str.encode)
)
def test_path_never_leaves(path):
    """Whatever is asked for, each step is a plain name."""
    place = http.read_path(path)
    for step in () if place is None else (*place.directories, place.name):
        assert step
        assert not step.startswith(b".")
        assert not set(step) & {0, ord("/")}


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        (b"/source/dw", b"", "./dw/"),
        (b"/source", b"a=b&c=%20", "./source/?a=b&c=%20"),
        (b"/javascript:alert(1)", b"", "./javascript%3Aalert%281%29/"),
        (b"/%5C%5Chost", b"", "./%5C%5Chost/"),
        (b"/a%0d%0aset-cookie:x", b"\r\nx: y", "./a%0D%0Aset-cookie%3Ax/?%0D%0Ax:%20y"),
        (b"/%E4%B8%AD", b"", "./%E4%B8%AD/"),
    ],
)
def test_directory_without_its_slash(path, query, location):
    """The way to a directory is relative, holds below any path, and can lead to no other host."""
    place = http.read_path(path)
    assert place
    answer = http.to_directory(place, query)
    assert (answer.status, dict(answer.fields)["location"], answer.stop) == (301, location, 0)


# --- what is there ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"atom.xml", ("application/atom+xml; charset=utf-8", "feed")),
        (b"rss.xml", ("application/rss+xml; charset=utf-8", "feed")),
        (b"other.xml", ("application/xml; charset=utf-8", "feed")),
        (b"feed.json", ("application/feed+json", "feed")),
        (b"feeds.opml", ("text/x-opml; charset=utf-8", "feed")),
        (b"index.html", ("text/html; charset=utf-8", "page")),
        (b"INDEX.HTML", ("text/html; charset=utf-8", "page")),
        (b"atom.xml.gz", ("application/gzip", "file")),
        (b"logo.png", ("image/png", "file")),
        (b"favicon.ico", ("image/vnd.microsoft.icon", "file")),
        (b"script.js", ("application/octet-stream", "file")),
        (b"noextension", ("application/octet-stream", "file")),
        (b"a.\xff?#", ("application/octet-stream", "file")),
    ],
)
def test_type_of_a_file(name, expected):
    """Our own files have their exact types; nothing that could run in a browser is sent as such."""
    assert http.type_of(name) == expected


def test_strong_tag_is_of_the_bytes():
    """Equal bytes have the same tag on every host, others another one."""
    assert http.strong_tag(b"a") == '"ca978112ca1bbdcafac231b39a23dc4d"'
    assert http.strong_tag(b"a") != http.strong_tag(b"b")


def test_page_policy_allows_its_own_style_alone():
    """A page may use the style that it holds, and nothing else."""
    policy = http.page_policy(b"<title>x</title><style>a{}</style><p>")
    assert policy == (
        "default-src 'none'; style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "style-src" not in http.page_policy(b"<p>nothing</p>")


def test_page_policy_of_our_own_pages():
    """The policy of the page as we render it names the same style as the page does itself."""
    page = resources.files("feedbridge.render").joinpath("page.html").read_bytes()
    (named,) = re.findall(r"style-src ('sha256-[^']+')", page.decode())
    assert f"style-src {named};" in http.page_policy(page)


def test_what_is_no_file_is_text():
    """What we say ourselves is text that no browser takes for more."""
    answer = http.written(404, 12)
    assert (answer.status, answer.stop, dict(answer.fields)["content-length"]) == (404, 12, "12")
    assert dict(answer.fields)["content-type"] == "text/plain; charset=utf-8"
    assert dict(answer.fields)["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize("answer", [http.written(status, 1) for status in (200, 400, 500, 503)])
def test_what_is_of_this_moment_or_of_one_request_is_not_cached(answer):
    """A cache would tell it to others, whose request has another host or comes later (RFC 9111 §4.2.2)."""
    assert dict(answer.fields)["cache-control"] == "no-store"


# --- whatever is asked ------------------------------------------------------------------

TAGS = st.sampled_from([PLAIN, PACKED, f"W/{PLAIN}", f"W/{PACKED}", '"old"', 'W/"old"', "*", '"', "x", ""])
SOUP = st.text(st.characters(max_codepoint=255), max_size=30)
LISTS = st.lists(TAGS | SOUP, max_size=4).map(", ".join)
DATES = st.sampled_from([SAME, BEFORE, AFTER, "yesterday"]) | SOUP
CODINGS = st.lists(
    st.sampled_from(["gzip", "gzip;q=0", "identity", "identity;q=0", "*", "*;q=0", "br", "gzip;q=0.5"])
    | SOUP,
    max_size=4,
).map(", ".join)
NUMBERS = st.integers(0, 2000).map(str) | st.just("")
RANGES = (
    st.builds("bytes={}-{}".format, NUMBERS, NUMBERS) | st.builds("bytes={}-,{}".format, NUMBERS, SOUP) | SOUP
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "accept_encoding": CODINGS,
        "if_match": LISTS,
        "if_none_match": LISTS,
        "if_modified_since": DATES,
        "if_unmodified_since": DATES,
        "if_range": LISTS | DATES,
        "range": RANGES,
    },
)
METHODS = st.sampled_from(["GET", "GET", "HEAD", "OPTIONS", "POST"])
FILES = st.sampled_from([FEED, PAGE, EMPTY])


@given(FILES, METHODS, FIELDS)
def test_every_request_has_a_whole_answer(representation, method, fields):
    """No request fails, and what is said of the body is true of it."""
    answer = ask(representation, method, **fields)
    said = dict(answer.fields)
    assert len(said) == len(answer.fields)
    assert answer.status in {200, 204, 206, 304, 405, 412, 416}
    length = {"identity": representation.identity.length_bytes, "gzip": 100}[answer.coding]
    assert 0 <= answer.start <= answer.stop <= length
    if answer.status in {200, 206} and method == "GET":
        assert answer.stop - answer.start == int(said["content-length"])
    else:
        assert answer.start == answer.stop
    assert all(value.isprintable() and value.isascii() for value in said.values())


@given(FILES, FIELDS)
def test_head_says_what_get_would(representation, fields):
    """Without a range HEAD and GET differ in the body alone."""
    fields.pop("range", None)
    get, head = ask(representation, "GET", **fields), ask(representation, "HEAD", **fields)
    assert (get.status, get.fields, get.coding) == (head.status, head.fields, head.coding)


@given(FIELDS)
def test_refused_coding_is_never_sent(fields):
    """Who refuses gzip never gets it, nor is told to use what was packed."""
    fields["accept_encoding"] = "gzip;q=0"
    answer = ask(**fields)
    assert answer.coding == "identity"
    assert tag(answer) != PACKED


@st.composite
def histories(draw: Any) -> list[Any]:
    """Draw versions of one file, each put in place in a later second than the one before."""
    moments = sorted(draw(st.sets(st.integers(0, 5), min_size=1, max_size=5)))
    return [
        http.Representation(
            type="application/atom+xml; charset=utf-8",
            kind="feed",
            modified=MODIFIED + timedelta(seconds=moment),
            identity=http.Variant(coding="identity", length_bytes=1000 + number, tag=f'"{number}"'),
            gzip=draw(
                st.none() | st.just(http.Variant(coding="gzip", length_bytes=100, tag=f'"{number},gzip"'))
            ),
        )
        for number, moment in enumerate(moments)
    ]


@given(
    history=histories(),
    held=st.integers(0, 4),
    accepted=st.tuples(CODINGS, CODINGS),
    form=st.sampled_from(["tag", "date", "both", "weak tag", "tag and others"]),
)
def test_304_only_to_who_has_the_current_version(history, held, accepted, form):
    """A client that asks with what it was told once gets 304 if, and only if, that is the last version."""
    assume(held < len(history))
    clock = MODIFIED + timedelta(seconds=9)
    told = dict(ask(history[held], now=clock, accept_encoding=accepted[0]).fields)
    fields = {
        "tag": {"if_none_match": told["etag"]},
        "date": {"if_modified_since": told["last-modified"]},
        "both": {"if_none_match": told["etag"], "if_modified_since": told["last-modified"]},
        "weak tag": {"if_none_match": "W/" + told["etag"]},
        "tag and others": {"if_none_match": f'"a,b", {told["etag"]}, W/"c"'},
    }[form]
    answer = ask(history[-1], now=clock, accept_encoding=accepted[1], **fields)
    if held < len(history) - 1:
        assert answer.status == 200
    elif accepted[0] == accepted[1]:
        assert answer.status == 304


@given(history=histories(), parts=st.lists(st.integers(0, 4), min_size=2, max_size=4), accepted=CODINGS)
def test_parts_make_a_whole_of_one_version(history, parts, accepted):
    """Who resumes with If-Range never gets a part of one version after a part of another."""
    clock = MODIFIED + timedelta(seconds=9)
    versions = sorted(min(part, len(history) - 1) for part in parts)
    first = ask(history[versions[0]], now=clock, range="bytes=0-9", accept_encoding=accepted)
    assert first.status == 206
    for number in versions[1:]:
        next_part = ask(
            history[number], now=clock, range="bytes=10-", if_range=tag(first), accept_encoding=accepted
        )
        assert next_part.status == (206 if number == versions[0] else 200)
        assert next_part.status == 200 or tag(next_part) == tag(first)
