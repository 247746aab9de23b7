"""One self-contained file, written whole, with everything in it escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from bothways.errors import ArtifactError
from bothways.pages import FAINT, INK, SERIES, check_page, picture, render, write_page

TEMPLATE = """{% extends "page.html" %}{% import "parts.html" as parts %}{% block content %}
{{ parts.figure("A curve", curve, "It rises.") }}{{ parts.text(text) }}
{{ parts.table(["a", "b"], [[text, 0.5|percent]], numbers=[1]) }}
{{ parts.tiles([("1", text, "")]) }}{{ parts.facts([(text, text)]) }}{% endblock %}"""


def draw(figure):
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=SERIES[0], label="$100 & more")
    axes.text(0, 1, "</svg><script>", color=FAINT)
    axes.axhline(0.5, color=INK)
    axes.legend()


@pytest.fixture
def make(tmp_path):
    (tmp_path / "mine.html").write_text(TEMPLATE)

    def make(text):
        curve = picture(draw, 'it says "hello" & <b>')
        return render(tmp_path / "mine.html", title=text, subtitle="of two", curve=curve, text=text)

    return make


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.attributes = [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_whatever_is_shown_is_text(make):
    hostile = '<script>alert(1)</script><img src=x onerror="alert(2)">\'"&{{ 7*7 }}'
    page = Tags(make(hostile))
    assert "script" not in page.tags and "img" not in page.tags
    assert page.text.count(hostile) == 7
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert ("aria-label", 'it says "hello" & <b>') in page.attributes


def test_what_a_browser_would_obey_is_shown(make):
    html = make("a\x00\x1b[1m\u202eb\u2066\x85\n\tc")
    assert not set("\x00\x1b\x85\u202e\u2066") & set(html)
    assert Tags(html).text.count("a\\x00\\x1b[1m\\u202eb\\u2066\\x85\n\tc") == 7
    # Emoji, and words of Persian, are joined by characters that cannot be printed.
    joined = "\U0001f468\u200d\U0001f4bb \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert Tags(make(joined)).text.count(joined) == 7


def test_pictures_of_any_script(make):
    """Without a warning of matplotlib, whose own font lacks most letters: the browser draws."""
    svg = picture(lambda figure: figure.text(0, 0, "\u4e2d\u6587 \u0939\u093f"), "\u202e \x07")
    assert "\u4e2d\u6587 \u0939\u093f" in svg
    assert "\u202e" not in svg and 'aria-label="\\u202e \\x07"' in svg


def test_nothing_is_asked_of_anybody(make):
    html = make("a text")
    for name, value in Tags(html).attributes:
        assert name not in {"src", "srcset", "xmlns:xlink"}
        assert name != "href" or value.startswith("#")
    assert not re.search(r"url\((?!#)|@import|https?:", html)
    assert "default-src 'none'" in html


def test_a_picture_has_the_colours_of_the_page_and_the_same_bytes():
    svg = picture(draw, "a curve")
    assert svg == picture(draw, "a curve")
    assert "var(--series-1)" in svg and "var(--faint)" in svg and "$100 &amp; more" in svg
    assert not re.search(r"#0[0-9]0[0-9]0[0-9]", svg)
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', svg)) <= set(ids)
    other = re.findall(r'\bid="([^"]*)"', picture(draw, "another"))
    assert not set(ids) & set(other)


def test_long_texts_fold_away_and_empty_ones_are_told(make):
    long = "begin " + "word " * 500 + "end"
    html = make(long)
    assert "<details" in html and long in html
    assert "an empty text" in make("") and "a text of spaces" in make("  ")


@pytest.mark.parametrize("older", [b"text\n", b"{}", b"\xff\xfe<!DOCTYPE html>"])
def test_a_page_never_replaces_what_is_none(tmp_path, older):
    data, link = tmp_path / "data.csv", tmp_path / "link.html"
    data.write_bytes(older)
    link.symlink_to(data)
    for act in (check_page, lambda path: write_page(path, "<!DOCTYPE html>")):
        with pytest.raises(ArtifactError, match=r"link\.html: is not a page"):
            act(str(link))
    assert data.read_bytes() == older
    data.write_bytes(b"")
    write_page(str(link), "<!DOCTYPE html>")


def test_a_page_replaces_an_older_one_and_nothing_else(tmp_path):
    path = tmp_path / "page.html"
    write_page(str(path), "<!doctype HTML>old")
    (tmp_path / "link.html").symlink_to(path)
    write_page(str(tmp_path / "link.html"), "n\udc80w é")
    assert path.read_text(encoding="utf-8") == "n?w é"
    assert (tmp_path / "link.html").is_symlink()
    assert {p.name for p in tmp_path.iterdir()} == {"page.html", "link.html"}
    for bad, part in ((tmp_path, "is not a file"), (tmp_path / "no" / "a.html", "no such folder")):
        for act in (check_page, lambda path: write_page(path, "x")):
            with pytest.raises(ArtifactError, match=part):
                act(str(bad))
    with pytest.raises(ArtifactError, match="cannot be opened"):
        check_page("a\0b")
