"""What is held out stays so as data grow, and training's own data are told apart later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.data import (
    fingerprint,
    hash_split,
    held_out_column,
    held_out_rows,
    read,
    training_parts,
)
from bothways.errors import ArgumentError, DataError

TEXTS = st.lists(st.text(max_size=12), max_size=30)
FRACTIONS = st.floats(0, 1, exclude_min=True, exclude_max=True)


@given(TEXTS, TEXTS, FRACTIONS, st.randoms())
def test_a_text_is_on_the_same_side_in_any_data(before, more, fraction, random):
    side = dict(zip(before, hash_split(before, fraction).tolist(), strict=True))
    all_of_them = before + more
    random.shuffle(all_of_them)
    for text, held in zip(all_of_them, hash_split(all_of_them, fraction).tolist(), strict=True):
        assert side.setdefault(text, held) == held  # its copies, too


@given(TEXTS, FRACTIONS, FRACTIONS)
def test_a_larger_fraction_holds_out_the_same_and_more(texts, a, b):
    smaller, larger = (hash_split(texts, part) for part in sorted((a, b)))
    assert not (smaller & ~larger).any()


def test_the_hash_is_the_one_that_is_documented():
    # printf '' | b2sum -l 64 and so on; little-endian, so the last byte weighs most
    digests = {"": "e4a6a0577479b2b4", "a": "40f89e395b66422f"}
    for text, digest in digests.items():
        part = int.from_bytes(bytes.fromhex(digest), "little") / 2**64
        assert hash_split([text], part + 1e-9).tolist() == [True]
        assert hash_split([text], part - 1e-9).tolist() == [False]


def test_the_fraction_is_kept():
    texts = [f"text number {n}" for n in range(40_000)]
    for fraction in (0.01, 0.1, 0.5):
        error = 5 * np.sqrt(fraction * (1 - fraction) / len(texts))
        assert abs(hash_split(texts, fraction).mean() - fraction) < error
    assert hash_split([], 0.1).shape == (0,)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 2, float("nan"), True, "x", None])
def test_a_fraction_is_between_nothing_and_all(fraction):
    with pytest.raises(ArgumentError, match="expected a number between 0 and 1"):
        hash_split(["a"], fraction)


CELLS = ["true", "1", "VALID", " dev", "test", "validation", "false", "0", "train", ""]


def test_a_column_says_what_is_held_out(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"text {n},{n % 2},{cell}\n" for n, cell in enumerate(CELLS))
    path.write_text("text,label,split\n" + rows)
    rows = read(path, held_out="split")
    assert rows.held_out == [True] * 6 + [False] * 4
    assert rows.take([0, 9]).held_out == [True, False]
    assert (rows.texts[0], rows.labels[:2]) == ("text 0", ["0", "1"])
    assert read(path).held_out is None
    path.write_text("text,label,split\na,x,1\nb,y,perhaps\n")
    with pytest.raises(
        DataError, match=r"line 3, column 'split': 'perhaps' .* expected true, 1, valid"
    ):
        read(path, held_out="split")
    with pytest.raises(DataError, match=r"no validation column 'part'"):
        read(path, held_out="part")


@pytest.mark.parametrize("values", [[True, False, None], [1, 0, None], [1.0, 0.0, float("nan")]])
def test_a_column_of_any_type(tmp_path, values):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    table = pa.table({"text": ["a", "b", "c"], "label": ["x", "y", "x"], "held": values})
    pq.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", held_out="held").held_out == [True, False, False]


def test_training_parts_know_the_hash_and_the_column(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"text {n},{n % 2},{int(n % 3 == 0)}\n" for n in range(60))
    path.write_text("text,label,split\n" + rows)
    rows = read(path, held_out="split")
    facts = {"fingerprint": fingerprint(rows), "validation": "column:split", "seed": 0}
    train, held = training_parts(rows, facts)
    assert held.tolist() == list(range(0, 60, 3))
    assert sorted([*train, *held]) == list(range(60))
    assert training_parts(read(path), facts) is None
    train, held = training_parts(read(path), {**facts, "validation": "hash:0.3"})
    assert held.tolist() == np.flatnonzero(hash_split(rows.texts, 0.3)).tolist()
    assert sorted([*train, *held]) == list(range(60))


def test_words_that_say_what_to_hold_out():
    assert held_out_column("column:split") == "split"
    assert held_out_column("hash:0.1") is held_out_column(0.2) is None
    assert held_out_rows("column:x", ["a", "b"], [True, False]).tolist() == [True, False]
    for validation, held_out, message in (
        ("0.2", None, "expected a fraction, a count, hash:FRACTION or column:NAME"),
        ("column:", [True], "expected a fraction"),
        ("column:x", None, "got nothing; pass held_out="),
        ("column:x", [True, True], "got 2 answers"),
    ):
        with pytest.raises(ArgumentError, match=message):
            held_out_rows(validation, ["a"], held_out)
