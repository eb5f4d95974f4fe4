"""Addresses: mended only where they must be, and the same where they mean the same."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.standards import urls

BASE = "https://www.example.org/zh/news/a-1?page=2#top"
TRACKING = ("utm_*", "fbclid", "gclid")

# RFC 3986, appendix A, for the two kinds of address that may come out.
PCHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
TAIL = rf"(?:\?(?:{PCHAR}|[/?])*)?(?:\#(?:{PCHAR}|[/?])*)?"
REG_NAME = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
WEB = rf"(?i:https?)://(?:{REG_NAME}|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?(?:/{PCHAR}*)+{TAIL}"
MAIL = rf"(?i:mailto):(?!//){PCHAR}(?:{PCHAR}|/)*{TAIL}|(?i:mailto):/(?:{PCHAR}(?:{PCHAR}|/)*)?{TAIL}"
STRICT = re.compile(f"{WEB}|{MAIL}")

# Addresses are built of pieces that matter to a reader of them, so that most lie near the border of validity.
pieces = st.sampled_from(
    [
        *(
            "http:",
            "HTTPS:",
            "mailto:",
            "javascript:",
            "//",
            "/",
            "\\",
            "?",
            "#",
            ":",
            "@",
            "[",
            "]",
            "%",
            "%41",
        ),
        *(
            "%e4",
            "%zz",
            "%25",
            ".",
            "..",
            "www.",
            "example.org",
            "中文",
            "ß",
            "：",
            "::1",
            "80",
            "65536",
            " ",
        ),
        *("\t", "\n", "\x00", "\x08", "\u3000", "\ud800", "\ufffe", "é", '"', "<", "|", "&", "=", "utm_a"),
    ]
)
references = st.one_of(st.lists(pieces, max_size=12).map("".join), st.text(max_size=30))
web_addresses = st.tuples(
    st.sampled_from(["http://", "https://", "HTTP://"]),
    st.sampled_from(
        ["example.org", "WWW.Example.org:8080", "[2001:db8::1]:443", "xn--fiq228c.com.", "a_b.c:"]
    ),
    st.from_regex(rf"(?:/{PCHAR}{{0,5}}){{1,4}}{TAIL}", fullmatch=True),
).map("".join)


def canonical(url: str) -> str:
    """Give the canonical address by the aliases and tracking keys of these tests."""
    return urls.canonical(url, aliases={"example.com": "example.org"}, tracking_keys=TRACKING)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://www.example.org/zh/%E4%B8%AD(Temu)/a-1", id="parentheses"),
        pytest.param("http://www.example.org//cn/contenu/x", id="two slashes in the path"),
        pytest.param("https://example.org/%25E4%25BD%25A0", id="doubly encoded"),
        pytest.param("https://example.org/why?/a-70816245", id="question mark before the number"),
        pytest.param("https://example.org/a/../b/./c", id="dot segments"),
        pytest.param("HTTPS://Example.ORG:0443/%e4%B8", id="case of scheme, host and escapes"),
        pytest.param("https://example.org:/?#", id="empty port, query and fragment"),
        pytest.param("https://[2001:db8::1]:8080/", id="IPv6"),
        pytest.param("https://192.0.2.1/", id="IPv4"),
        pytest.param("https://a_b.example.org./x", id="underscore and last dot"),
        pytest.param("https://images.weserv.nl/?url=static.example.org/image/1.jpg", id="proxy"),
        pytest.param("mailto:a.b+c@example.org?subject=%E4%BD%A0", id="mailto"),
    ],
)
def test_valid_address_stays_byte_for_byte(url):
    """What is a URI already is never touched: not decoded, not normalised."""
    assert urls.absolute(url, "https://other.example/") == url


@pytest.mark.parametrize(
    ("url", "mended"),
    [
        pytest.param("https://example.org", "https://example.org/", id="empty path"),
        pytest.param(
            "https://example.org?url=a/b", "https://example.org/?url=a/b", id="empty path before a query"
        ),
        pytest.param("https://example.org#a", "https://example.org/#a", id="empty path before a fragment"),
        pytest.param(
            "https://example.org/你 好", "https://example.org/%E4%BD%A0%20%E5%A5%BD", id="other characters"
        ),
        pytest.param("https://example.org/100%", "https://example.org/100%25", id="lone percent sign"),
        pytest.param(
            "https://example.org/%4%zz%GA%41", "https://example.org/%254%25zz%25GA%41", id="half escapes"
        ),
        pytest.param(
            "https://example.org/[a]|b?[c]", "https://example.org/%5Ba%5D%7Cb?%5Bc%5D", id="brackets"
        ),
        pytest.param("https://example.org/#a#b", "https://example.org/#a%23b", id="second fragment"),
        pytest.param("https://example.org\\a\\b?c\\d", "https://example.org/a/b?c%5Cd", id="backslashes"),
        pytest.param(" \t\u3000https://example.org/ \n", "https://example.org/", id="white space around"),
        pytest.param("ht\ttps://example.org/a\nb\x08c", "https://example.org/abc", id="control characters"),
        pytest.param("https://example.org/a\ud800b", "https://example.org/ab", id="lone surrogate"),
        pytest.param("https://中文.com/", "https://xn--fiq228c.com/", id="host in another script"),
        pytest.param("https://%E4%B8%AD%E6%96%87.com:80/", "https://xn--fiq228c.com:80/", id="encoded host"),
        pytest.param("https://中文。com/", "https://xn--fiq228c.com/", id="ideographic full stop"),
        pytest.param("mailto:a b@example.org", "mailto:a%20b@example.org", id="mailto"),
    ],
)
def test_invalid_address_is_mended(url, mended):
    """Only what no URI may hold is changed (emission rules 10 and 13)."""
    assert urls.absolute(url, "") == mended


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        pytest.param("/x", "https://www.example.org/x", id="root-relative"),
        pytest.param("x", "https://www.example.org/zh/news/x", id="relative"),
        pytest.param("../x", "https://www.example.org/zh/x", id="parent"),
        pytest.param("../../../x/..", "https://www.example.org/", id="above the root"),
        pytest.param("./x/.", "https://www.example.org/zh/news/x/", id="here"),
        pytest.param("\\x", "https://www.example.org/x", id="backslash"),
        pytest.param("//cdn.example/x", "https://cdn.example/x", id="scheme-relative"),
        pytest.param("\\\\cdn.example\\x", "https://cdn.example/x", id="scheme-relative by backslashes"),
        pytest.param("?q", "https://www.example.org/zh/news/a-1?q", id="query"),
        pytest.param("#note", "https://www.example.org/zh/news/a-1?page=2#note", id="fragment"),
        pytest.param("x y", "https://www.example.org/zh/news/x%20y", id="relative and mended"),
    ],
)
def test_relative_reference_is_joined_to_its_base(reference, target):
    """The base is the article's address (RFC 3986 §5.2)."""
    assert urls.absolute(reference, BASE) == target


def test_base_without_path_has_the_root_as_its_folder():
    """RFC 3986 §5.2.3: a base with a host and an empty path."""
    assert urls.absolute("x", "https://example.org") == "https://example.org/x"


def test_base_is_mended_with_what_is_joined_to_it():
    """An article's address as written may itself be invalid."""
    assert urls.absolute("#a", "https://example.org/你") == "https://example.org/%E4%BD%A0#a"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n", id="white space"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("java\nscript:alert(1)", id="script over two lines"),
        pytest.param("data:image/png;base64,AA", id="data"),
        pytest.param("ftp://example.org/", id="other scheme"),
        pytest.param("localhost:8000/x", id="host that reads like a scheme"),
        pytest.param("http:x", id="no slash"),
        pytest.param("http:/example.org/x", id="one slash"),
        pytest.param("http://", id="no host"),
        pytest.param("https:///example.org/", id="three slashes"),
        pytest.param("https://user@example.org/", id="user"),
        pytest.param("https://www.bank.example:secret@example.org/", id="user and password"),
        pytest.param("https://exa mple.org/", id="space in the host"),
        pytest.param("https://exa%2Fmple.org/", id="slash in the host"),
        pytest.param("https://exa%FFmple.org/", id="broken escape in the host"),
        pytest.param("https://a..b/", id="empty label"),
        pytest.param("https://.../", id="only dots"),
        pytest.param(f"https://{'a' * 64}.org/", id="long label"),
        pytest.param(f"https://{'a.' * 127}org/", id="long host"),
        pytest.param(f"https://{'中' * 100_000}/", id="very long host in another script"),
        pytest.param("https://example.org:65536/", id="port too high"),
        pytest.param("https://example.org:80a/", id="port with a letter"),
        pytest.param("https://example.org:٨٠/", id="port in other digits"),
        pytest.param("https://[::1/", id="half bracket"),
        pytest.param("https://[:::]/", id="no IPv6 address"),
        pytest.param("https://[]/", id="empty brackets"),
        pytest.param("https://[v1.a]/", id="address of a future version"),
        pytest.param("mailto:", id="mail to nobody"),
        pytest.param("mailto://example.org/", id="mailto with a host"),
    ],
)
def test_unusable_address_is_empty(url):
    """What nobody can follow, or what deceives, is no address, whatever the base."""
    assert urls.absolute(url, BASE) == ""


@pytest.mark.parametrize("base", ["", "mailto:a@example.org", "ftp://example.org/", "https://[", "x/y"])
@pytest.mark.parametrize("reference", ["x", "/x", "?q", "#a", "//"])
def test_relative_reference_without_a_web_base_is_unusable(reference, base):
    """There is nothing to join it to."""
    assert urls.absolute(reference, base) == ""


@given(references, st.one_of(references, st.just(BASE)))
@settings(max_examples=400, deadline=None)
def test_absolute_gives_a_uri_or_nothing(reference, base):
    """The answer to any two strings is empty or a URI by RFC 3986, and stands when asked again."""
    found = urls.absolute(reference, base)
    assert not found or STRICT.fullmatch(found)
    assert urls.absolute(found, base) == found


@given(st.one_of(references, web_addresses, web_addresses.map(lambda url: url.replace(":8080", ""))))
@settings(max_examples=400, deadline=None)
def test_everyday_address_is_read_as_any_other(url):
    """A control character goes, but takes an address off the way of those that are as they have to be."""
    assert urls.absolute(url + "\x08", BASE) == urls.absolute(url, BASE)
    assert (urls.host(url + "\x08"), canonical(url + "\x08")) == (urls.host(url), canonical(url))


@given(st.one_of(references, web_addresses.map(lambda url: url.replace(":8080", "") + ".PNG")))
@settings(max_examples=200, deadline=None)
def test_everyday_address_is_parted_as_any_other(url):
    """Scheme and extension are the same where a control character takes an address off the short way."""
    assert (urls.scheme(url + "\x08"), urls.extension(url + "\x08")) == (
        urls.scheme(url),
        urls.extension(url),
    )


@given(web_addresses)
@settings(max_examples=200, deadline=None)
def test_absolute_leaves_every_valid_web_address(url):
    """No valid address with a path is ever changed."""
    assert STRICT.fullmatch(url)
    assert urls.absolute(url, BASE) == url


@pytest.mark.parametrize(
    ("url", "is_web"),
    [
        ("https://example.org", True),
        ("HTTP://EXAMPLE.ORG/", True),
        ("https://example.org/你", True),
        ("mailto:a@example.org", False),
        ("//example.org/", False),
        ("example.org", False),
        ("https://", False),
        ("", False),
    ],
)
def test_is_web(url, is_web):
    """An address of the web is absolute, http or https, with a usable host."""
    assert urls.is_web(url) is is_web


@pytest.mark.parametrize(
    ("url", "scheme"),
    [("HTTPS://example.org/", "https"), ("data:,", "data"), ("/x", ""), ("", ""), ("a b:c", "")],
)
def test_scheme_is_in_lower_case(url, scheme):
    """A relative reference has none."""
    assert urls.scheme(url) == scheme


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Example.org:8080/x", "example.org"),
        ("https://m.example.org/", "m.example.org"),
        ("https://www.example.org./", "example.org"),
        ("https://www.中文.com/", "xn--fiq228c.com"),
        ("https://[2001:DB8::1]:80/", "[2001:db8::1]"),
        ("mailto:a@example.org", ""),
        ("nonsense", ""),
    ],
)
def test_host_is_in_lower_case_without_www_and_port(url, host):
    """So it is the same however the address is written."""
    assert urls.host(url) == host


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://example.org/a", "example.org/a", id="no scheme"),
        pytest.param("http://WWW.EXAMPLE.ORG/a", "example.org/a", id="host in lower case without www"),
        pytest.param("https://www.example.com/a", "example.org/a", id="alias"),
        pytest.param("https://example.org:443/a", "example.org/a", id="port 443"),
        pytest.param("https://example.org:080/a", "example.org/a", id="port 80, whatever the scheme"),
        pytest.param("https://example.org:/a", "example.org/a", id="empty port"),
        pytest.param("https://example.com:8080/a", "example.org:8080/a", id="other port"),
        pytest.param("https://example.org/a#b", "example.org/a", id="no fragment"),
        pytest.param("https://example.org/%e4%bd%a0", "example.org/%E4%BD%A0", id="escapes in upper case"),
        pytest.param("https://example.org/你", "example.org/%E4%BD%A0", id="raw characters"),
        pytest.param("https://example.org/%41%2d%7E%2f", "example.org/A-~%2F", id="unreserved decoded"),
        pytest.param("https://example.org/%2541", "example.org/%2541", id="decoded once"),
        pytest.param("https://example.org//a///b", "example.org/a/b", id="slashes folded"),
        pytest.param("https://example.org/a//", "example.org/a", id="no last slash"),
        pytest.param("https://example.org/", "example.org", id="no last slash of the root"),
        pytest.param(
            "https://example.org/?a=http://b//", "example.org?a=http://b//", id="slashes of a query stay"
        ),
        pytest.param("https://example.org/a?", "example.org/a", id="empty query"),
        pytest.param(
            "https://example.org/a?b=2&a=1&b=1", "example.org/a?b=2&a=1&b=1", id="order of the query"
        ),
        pytest.param("https://example.org/a?utm_x=1&b&gclid&c=", "example.org/a?b&c=", id="tracking keys"),
        pytest.param("https://example.org/a?%75tm_x=1&fbclid=2", "example.org/a", id="nothing but tracking"),
        pytest.param(
            "https://example.org/a?utm=1&fbclid2=1", "example.org/a?utm=1&fbclid2=1", id="other keys"
        ),
        pytest.param("https://example.org/w?/a-7?utm_x=1", "example.org/w?/a-7?utm_x=1", id="question marks"),
        pytest.param("https://[2001:DB8::1]:80/", "[2001:db8::1]", id="IPv6"),
        pytest.param("nonsense", "", id="no address"),
    ],
)
def test_canonical_address(url, expected):
    """Each line of "Identity" in the description of the seed format."""
    assert canonical(url) == expected


@given(web_addresses)
@settings(max_examples=200, deadline=None)
def test_canonical_address_does_not_depend_on_notation(url):
    """Scheme, fragment, escapes' case and tracking keys change nothing; nor does asking again."""
    address = canonical(url)
    scheme, _, rest = url.partition("://")
    without_fragment = rest.partition("#")[0]
    assert canonical(f"{'http' if scheme == 'https' else 'https'}://{rest}") == address
    assert canonical(f"{scheme}://{without_fragment}#x") == address
    assert canonical(re.sub("%..", lambda escape: escape[0].swapcase(), url)) == address
    assert (
        canonical(f"{scheme}://{without_fragment}{'&' if '?' in without_fragment else '?'}utm_source=x")
        == address
    )
    assert canonical(f"https://{address}") == address


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        pytest.param("dw", "dw", id="a slug is its own"),
        pytest.param("a-1-b", "a-1-b", id="digits and hyphens"),
        pytest.param("-", "-", id="a hyphen alone"),
        pytest.param("a" * 80, "a" * 80, id="the longest"),
        pytest.param("DW", "dw-dd4590", id="capitals"),
        pytest.param("example.org", "example-org-bfabc3", id="host"),
        pytest.param("Élan / Œuvre!", "elan-uvre-9daf32", id="accents"),
        pytest.param("中文", "72726d", id="no ASCII at all"),
        pytest.param("", "e3b0c4", id="empty"),
        pytest.param("..", "5ec1f7", id="parent folder"),
        pytest.param("a\n", "a-87428f", id="line break at the end"),
    ],
)
def test_slug(name, slug):
    """Itself if it can be, else its folding and six digits of the hash."""
    assert urls.slug(name) == slug


@given(st.one_of(st.text(max_size=300), st.text("a\u0301ﷺ-. /", max_size=300)))
@settings(max_examples=300, deadline=None)
def test_slug_is_safe_as_a_file_name(name):
    """Never empty, never long, never a path or a hidden file."""
    assert re.fullmatch(r"[a-z0-9-]{1,80}", urls.slug(name))


def test_slug_keeps_names_of_equal_folding_apart():
    """Two names that fold to the same letters are two folders."""
    names = ["A b", "a b", "a-b", "a_b", "à b", "a b!", "a" * 81, "a" * 82, "a" * 83]
    assert len({urls.slug(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("url", "extension"),
    [
        ("https://example.org/a.JPG", "jpg"),
        ("https://example.org/a.jpg?b=c.png#d.gif", "jpg"),
        ("https://example.org/a.jpg/@@images/0-1.png", "png"),
        ("https://example.org/a.tar.gz", "gz"),
        ("https://example.org/files/a.", ""),
        ("https://example.org/a.b/c", ""),
        ("https://example.org/a.jpg/", ""),
        ("https://example.org/a.jpg!small", ""),
        ("https://example.org", ""),
        ("", ""),
    ],
)
def test_extension(url, extension):
    """It is the last segment's, and never the host's, the query's or the fragment's."""
    assert urls.extension(url) == extension
