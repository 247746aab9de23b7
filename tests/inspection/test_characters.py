"""Odd characters: what is found, what is not, and how often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.data import Dataset
from bothways.inspection._characters import inspect_characters, repaired


def found(*texts):
    facts = inspect_characters(Dataset(list(texts), None, "a.csv"))
    return {oddity.kind: oddity for oddity in facts.oddities}


@pytest.mark.parametrize(
    "kind, text, times",
    [
        ("tag", "one<br /><br/>two</p>", 3),
        ("tag", '<a href="x">link</a>', 2),
        ("entity", "&amp; &#39; &#x27; &", 3),
        ("mojibake", "CafÃ© trÃ¨s â€œbonâ€\x9d", 4),
        ("mojibake", "ÐœÐ¾", 2),
        ("replacement", "a\ufffd\ufffdb\ufffd", 2),
        ("c1", "it\x92s \x93so\x94", 3),
        ("control", "a\x00b\x1b", 2),
        ("invisible", "\ufeffa\u200bb", 2),
    ],
)
def test_what_is_found(kind, text, times):
    oddities = found("fine", text, text)
    assert oddities[kind].times == 2 * times and oddities[kind].texts == 2
    assert oddities[kind].example.places == ("a.csv, row 2",)


@pytest.mark.parametrize(
    "text",
    ["a < b > c", "I <3 you", "AT&T; R&D", "Café, Ärger, NÃO, Ñandú â la", "tab\tand\r\n",
     "¿Qué? «Où»", "日本語 Москва"],
)  # fmt: skip
def test_what_is_no_oddity(text):
    assert found(text) == {}


@given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0x7FF), min_size=1, max_size=1))
def test_damage_is_repaired(character):
    damaged = character.encode().decode("latin-1")
    assert repaired(damaged) == character


@given(st.text())
def test_any_text_can_be_looked_at(text):
    facts = inspect_characters(Dataset([text], None, "a"))
    assert facts.characters == len(text)
    assert facts.non_ascii == (sum(c > "\x7f" for c in text) / len(text) if text else 0)


def test_scripts():
    facts = inspect_characters(Dataset(["Éa Жж 日", "plain", "1º …"], None, "a"))
    assert facts.scripts == {"Cyrillic": 2, "Latin": 1, "Cjk": 1}
    assert facts.non_ascii_texts == 2
