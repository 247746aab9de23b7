"""What is said about the facts, how loudly, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.data import Dataset
from bothways.inspection import findings, inspect
from bothways.inspection._findings import SEVERITIES, counted, percent


def said(texts, labels=None, other=None, **options):
    """`severity part` of each finding, and everything that was said."""
    second = None if other is None else Dataset(*other, "b.csv")
    found = findings(inspect(Dataset(list(texts), labels, "a.csv"), second, **options))
    assert [f.severity for f in found] == sorted((f.severity for f in found), key=SEVERITIES.index)
    assert all(f.what.endswith(".") and f.advice.endswith(".") for f in found)
    return [f"{f.severity} {f.part}" for f in found], " ".join(f.what for f in found)


def test_clean_texts_give_no_finding():
    texts = [f"{a} {b}" for a in "abcdefgh" for b in "abcdefgh"]
    assert said(texts, ["x", "y"] * 32) == ([], "")


def test_problems_come_first():
    parts, what = said(
        ["same", "same", "<b>x</b>", "", "w " * 700],
        ["pos", "neg", "Pos", "pos", "neg"],
        (["same", "new"], ["neg", "spam"]),
    )
    assert parts == [
        *("problem labels", "problem contradictions", *["problem overlap"] * 3),
        *("warning labels", "warning characters", "warning repeats", "warning lengths"),
        *("warning lengths", "warning vocabulary", "warning vocabulary", "note labels"),
    ]
    assert "'pos', 'Pos' differ in case" in what and "1 label with a single text: 'Pos'" in what
    assert "2 rows (40.0 %) of the first file are in b.csv too" in what
    assert "1 row of the first file has another label in b.csv" in what
    assert "b.csv has labels that the first file lacks: 'spam'" in what
    assert "1 row (20.0 %) repeats the words of an earlier row, 1 of them to the letter" in what
    assert "1 text has no word: a.csv, row 4." in what


def test_one_label_and_gaps():
    assert said(["a b", "a c", "b a c"], ["x"] * 3)[1].startswith("All texts have the same label")
    parts, what = said(["a", "a"], refusal="line 3 has no label")
    assert parts[0] == "problem labels" and "line 3 has no label." in what


def test_a_limit_that_cuts_labels_unevenly():
    texts = [f"{'a ' * 700}{n}" for n in range(20)] + [f"a {n}" for n in range(20)]
    parts, what = said(texts, ["long"] * 20 + ["short"] * 20)
    assert parts.count("warning lengths") == 2 and "some labels far more than others" in what


@pytest.mark.parametrize(
    "share, shown",
    [(0, "0.0 %"), (1, "100.0 %"), (0.5, "50.0 %"), (0.0004, "0.04 %"), (0.99999, "99.999 %"),
     (1e-9, "less than 0.001 %"), (1 - 1e-9, "more than 99.999 %")],
)  # fmt: skip
def test_shares(share, shown):
    assert percent(share) == shown


@given(st.floats(0, 1))
def test_a_share_is_never_rounded_to_none_or_all(share):
    assert (percent(share) in ("0.0 %", "100.0 %")) == (share in (0, 1))


def test_counts():
    assert [counted(n, "text") for n in (0, 1, 2000)] == ["0 texts", "1 text", "2,000 texts"]
