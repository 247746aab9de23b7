"""The page: what it tells is what was found, and no text can do anything in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from bothways.data import Dataset
from bothways.inspection import findings, inspect, to_page

EVIL = "<script>alert(1)</script> \"onload='x' \u202e\x1b {{ 7 * 7 }} $x^$ &amp; </td>"


class Page(HTMLParser):
    """The tags, attributes and text of a document."""

    def __init__(self, document):
        super().__init__()
        self.tags, self.attributes, self.words = [], {}, []
        self.feed(document)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def facts():
    rows = Dataset([EVIL, EVIL, "plain text", "w " * 900], [EVIL, "b", "b", "b"], f"{EVIL}.csv")
    return inspect(rows, Dataset([EVIL], None, "other.csv"))


def test_hostile_text_stays_text(facts):
    document = to_page(facts)
    page = Page(document)
    assert "script" not in page.tags
    assert not [name for name in page.attributes if name.startswith("on")]
    assert not {"\u202e", "\x1b"} & set(document)
    assert "<script>alert(1)</script>" in page.text and "{{ 7 * 7 }}" in page.text


def test_it_asks_for_no_other_file(facts):
    document = to_page(facts)
    page = Page(document)
    assert "src" not in page.attributes
    assert not [v for k, v in page.attributes.items() if k == "href" and not v.startswith("#")]
    assert not re.search(r"url\((?!['\"]?#)|@import", document)


def test_it_tells_every_finding_and_the_figures(facts):
    text = Page(to_page(facts)).text.replace("\u00a0", " ")
    for finding in findings(facts):
        advice = " ".join(finding.advice.split())
        assert finding.severity in text and advice in text
    assert "4 texts 1 repeat an earlier one 2 labels" in text
    assert f"{facts.lengths.mean:,.1f} tokens in the mean" in text
    assert "1 text, in 2 rows" in text
    assert "2 of 4 rows are among its 1" in text
    assert "row 1 (" in text and "other.csv row 1" in text


def test_the_same_facts_give_the_same_page(facts):
    assert to_page(facts) == to_page(facts)


@pytest.mark.parametrize("texts", [[""], ["a"], ["a", ""], ["a", "b"]])
def test_parts_that_are_not_there_are_left_out(texts):
    text = Page(to_page(inspect(Dataset(texts, None, "a.csv")))).text
    assert "none labels" in text and "Suspicious" not in text and "Overlap" not in text
