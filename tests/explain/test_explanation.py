"""Explanations for the terminal and the browser: what they tell, and that no text obeys."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import bothways
from bothways import explain
from bothways.errors import ArgumentError

TEXT = "The film, oddly:  NOT bad - a good book!"
EVIL = "<script>good\x1b[31m</script> &amp; {{ bad }} \u202e [bold]film"


@pytest.fixture(scope="module")
def model(tiny_model):
    return bothways.load(tiny_model)


def printed(explanation, **console):
    out = io.StringIO()
    explain.show(Console(file=out, width=90, highlight=False, **console), explanation)
    return out.getvalue()


def test_pieces_are_the_whole_text(model):
    found = model.explain(TEXT)
    parts = explain.pieces(found)
    assert "".join(part.text for part in parts) == TEXT
    tokens = [part for part in parts if part.is_token]
    assert [part.text for part in tokens] == [
        "The", "film,", "oddly:", "NOT", "bad", "a", "good", "book!"
    ]  # fmt: skip
    np.testing.assert_array_equal([part.forward for part in tokens], found.forward)
    np.testing.assert_array_equal([part.backward for part in tokens], found.backward)


def test_tokens_of_one_place_are_one_piece(model):
    found = replace(
        model.explain("good bad"), text="x", tokens=("i", "\u0307"), places=((0, 1), (0, 1))
    )
    (piece,) = explain.pieces(found)
    assert piece.text == "x" and piece.forward == pytest.approx(found.forward.sum())


def test_strongest_are_sorted_and_not_nothing(model):
    found = replace(
        model.explain("the film a"),
        forward=np.array([1, -3, 0], np.float32),
        backward=np.array([0.5, 1, 0], np.float32),
    )
    assert explain.strongest(found, 5) == [1, 0]
    assert explain.strongest(found, 1) == [1]


def test_the_table_tells_the_numbers_without_colours(model):
    found = model.explain(TEXT)
    text = printed(found)
    assert "\x1b" not in text and "oddly (unknown)" in text
    strongest = int(abs(found.contributions).argmax())
    row = next(line for line in text.splitlines() if line.startswith(found.tokens[strongest]))
    numbers = [float(x) for x in row.split()[-3:]]
    assert numbers[0] + numbers[1] == pytest.approx(numbers[2], abs=2e-3)
    head = [float(x) for x in re.findall(r"[+-]\d+\.\d+", text.splitlines()[1])]
    assert head[0] == pytest.approx(sum(head[1:]), abs=3e-3)


def test_colours_only_where_they_are_wanted(model):
    found = model.explain(TEXT)
    colours = printed(found, force_terminal=True, color_system="truecolor")
    assert "48;2;" in colours and "from the left" in colours
    assert "48;2;" not in printed(found, force_terminal=True, no_color=True)


def test_nothing_to_read(model):
    assert "there is no token in this text" in printed(model.explain("..."))
    page = explain.to_page(model.explain(""), model.prefixes(""), model="m")
    assert "There is no word in this text" in page


def test_hostile_texts_stay_texts(model):
    found = model.explain(EVIL)
    assert "\x1b" not in printed(found) and "\u202e" not in printed(found)
    page = explain.to_page(found, model.prefixes(EVIL), model="m")
    assert "<script" not in page and "\x1b" not in page and "\u202e" not in page
    assert "good\\x1b[31m&lt;/script&gt;" in page


def test_the_page_marks_words_for_and_against(model):
    text = "a bad film, good good good"
    found = model.explain(text, "pos")
    page = explain.to_page(found, model.prefixes(text), model="some/folder/tiny")
    assert '<mark class="for"' in page and '<mark class="against"' in page
    marked = re.findall(r'<mark class="(\w+)" style="[^"]*" title="([+-][\d.]+)">(\w+)', page)
    shares = {abs(round(float(x), 3)) for x in np.concatenate([found.forward, found.backward])}
    assert marked and {abs(float(x)) for _, x, _ in marked} <= shares
    assert all((way == "for") == (number[0] == "+") for way, number, _ in marked)
    assert "Why pos?" in page and "How tiny read" in page


def test_prefixes_of_another_text_are_refused(model):
    with pytest.raises(ArgumentError, match="not those of the text"):
        explain.to_page(model.explain("good"), model.prefixes("bad"), model="m")
