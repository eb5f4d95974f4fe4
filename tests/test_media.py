"""Media types by an address's extension."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.standards import media


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://static.example.org/image/68136725_303.jpg", "image/jpeg"),
        ("https://example.org/a.JPEG?w=600", "image/jpeg"),
        ("https://example.org/a.jfif", "image/jpeg"),
        ("https://example.org/a.jpg/@@images/0-1.png", "image/png"),
        ("https://example.org/a.webp#x", "image/webp"),
        ("https://example.org/a.avif", "image/avif"),
        ("https://example.org/a.svg", "image/svg+xml"),
        ("https://example.org/a.tif", "image/tiff"),
        ("https://example.org/favicon.ico", "image/vnd.microsoft.icon"),
        ("https://example.org/a.mp3", "audio/mpeg"),
        ("https://example.org/a.mpga", "audio/mpeg"),
        ("https://example.org/a.pjpeg", "image/jpeg"),
        ("https://example.org/a.opus", "audio/ogg"),
        ("https://example.org/a.mp4", "video/mp4"),
        ("https://example.org/a.webm", "video/webm"),
        ("https://example.org/a.m3u8", "application/vnd.apple.mpegurl"),
        ("https://example.org/a.html", ""),
        ("https://example.org/files/a.", ""),
        ("https://example.org/image?format=jpg", ""),
        ("https://example.png", ""),
        ("", ""),
    ],
)
def test_media_type_by_extension(url, expected):
    """The last segment of the path decides; what it does not tell is unknown."""
    assert media.media_type(url) == expected


@given(st.text(max_size=20).map(lambda end: f"https://example.org/a.{end}"))
@settings(max_examples=100, deadline=None)
def test_media_type_is_one_or_empty(url):
    """Whatever an address ends in, the answer has the form of a media type (RFC 6838 §4.2) or is empty."""
    assert re.fullmatch(r"(?:(?:image|audio|video|application)/[a-z0-9.+-]+)?", media.media_type(url))
