"""Each format gives the rows that were written, for the words that are wanted."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.text import TextVectorizer
from bothways.vectors import read_vectors
from bothways.vectors._fasttext import ngram_hashes

GOLDEN = Path(__file__).parents[1] / "golden"
ROWS = {
    "the": [0.5, -1.25, 3.0],
    "film": [1e-3, 2.0, -0.125],
    "été": [7.0, 8.0, 9.0],
    "unwanted": [0.0, 0.0, 1.0],
    "good": [-4.0, 0.25, 1e10],
}


def vectorizer(*words, **options):
    return TextVectorizer(vocabulary=list(words), **options)


def text(rows, header=True, end=""):
    lines = [f"{word} {' '.join(map(repr, row))}{end}" for word, row in rows.items()]
    width = len(next(iter(rows.values())))
    return "\n".join(([f"{len(rows)} {width}"] if header else []) + lines).encode() + b"\n"


def binary(rows, feed=b"\n"):
    width = len(next(iter(rows.values())))
    data = f"{len(rows)} {width}\n".encode()
    for word, row in rows.items():
        data += word.encode() + b" " + struct.pack(f"<{width}f", *row) + feed
    return data


@pytest.mark.parametrize(
    "name, data",
    [
        ("a.vec", text(ROWS)),
        ("a.vec", text(ROWS, end=" ")),
        ("a.txt", text(ROWS, header=False)),
        ("a.txt", text(ROWS, header=False).replace(b" ", b"\t")),
        ("a.txt", text(ROWS, header=False).replace(b"\n", b"\r\n")),
        ("a.txt", b"\xef\xbb\xbf" + text(ROWS)),
        ("a.txt", text(ROWS).removesuffix(b"\n")),
        ("a.bin", binary(ROWS)),
        ("a.bin", binary(ROWS, feed=b"")),
        ("A.BIN", binary(ROWS)),
    ],
)
def test_text_and_word2vec(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    vectors = read_vectors(tmp_path / name, vectorizer("film", "missing", "good", "été"))
    assert vectors.found.tolist() == [False, False, True, False, True, True]
    assert vectors.rows.dtype == np.float32 and vectors.composed == 0
    expected = [[0, 0, 0]] * 2 + [ROWS["film"], [0, 0, 0], ROWS["good"], ROWS["été"]]
    np.testing.assert_array_equal(vectors.rows, np.array(expected, np.float32))


def test_many_words_pass_by(tmp_path):
    """More than are looked up at a time; each row is its own word's."""
    rows = {f"w{n}": [n, -n] for n in range(10_000)}
    wanted = ["w9999", "w4095", "w4096", "w0"]
    for name, data in (("a.vec", text(rows)), ("a.bin", binary(rows))):
        (tmp_path / name).write_bytes(data)
        vectors = read_vectors(tmp_path / name, vectorizer(*wanted))
        assert vectors.rows[2:].tolist() == [[9999, -9999], [4095, -4095], [4096, -4096], [0, 0]]
        assert vectors.found[2:].all()


@pytest.mark.parametrize("write", [text, binary], ids=["text", "binary"])
def test_the_same_string_before_the_first_that_becomes_it(tmp_path, write):
    rows = {"Film": [1.0], "THE": [2.0], "the": [3.0], "The": [4.0], "FILM!": [5.0], "</s>": [6.0]}
    path = tmp_path / ("a.vec" if write is text else "a.bin")
    path.write_bytes(write(rows))
    vectors = read_vectors(path, vectorizer("the", "film", "s"))
    assert vectors.rows[2:, 0].tolist() == [3.0, 1.0, 0.0]  # "</s>" is not the word "s"
    assert vectors.found[2:].tolist() == [True, True, False]
    as_it_is = read_vectors(path, vectorizer("the", "film", "</s>", "THE", standardize=None))
    assert as_it_is.rows[2:, 0].tolist() == [3.0, 0.0, 6.0, 2.0]


def test_a_length_limit_does_not_make_one_word_of_two(tmp_path):
    (tmp_path / "a.bin").write_bytes(binary({"new\tyork": [1.0], "york": [2.0]}))
    vectors = read_vectors(tmp_path / "a.bin", vectorizer("new", "york", output_sequence_length=1))
    assert vectors.rows[2:, 0].tolist() == [0.0, 2.0]


def test_words_that_hold_blanks_or_are_no_utf8(tmp_path):
    """As GloVe's of 840 billion tokens do."""
    data = b". . . 1 2\nat name@domain.com 3 4\n\xff\xfe 5 6\ngood 7 8\n"
    (tmp_path / "a.txt").write_bytes(b"first 1 1\n" + data)
    vectors = read_vectors(tmp_path / "a.txt", vectorizer("good", "at"))
    assert vectors.rows[2:].tolist() == [[7, 8], [0, 0]]


def test_fasttext_golden():
    """Words of the model and others, as fastText itself gives them."""
    document = json.loads((GOLDEN / "fasttext_words.json").read_text(encoding="utf-8"))
    known, missing = document["words"], document["missing"]
    words = [*known, *missing, "</s>"]
    vectors = read_vectors(GOLDEN / "fasttext_words.bin", vectorizer(*words, standardize=None))
    expected = np.array([*known.values(), *missing.values()])
    np.testing.assert_allclose(vectors.rows[2:-1], expected, rtol=1e-6, atol=1e-7)
    assert vectors.composed == len(missing)
    assert vectors.found[2:].all()  # fastText counts "</s>" among its words


def test_fasttext_by_standardized_words():
    document = json.loads((GOLDEN / "fasttext_words.json").read_text(encoding="utf-8"))
    vectors = read_vectors(GOLDEN / "fasttext_words.bin", vectorizer("good", "the", "b"))
    for place, word in ((2, "good"), (3, "the")):
        np.testing.assert_allclose(vectors.rows[place], document["words"][word], rtol=1e-6)
    np.testing.assert_allclose(vectors.rows[4], document["missing"]["b"], rtol=1e-6)
    assert vectors.composed == 1


def plain_hashes(word: str, shortest: int, longest: int) -> list[int]:
    """The same by slices of the string, as the paper describes it."""
    found = []
    for first in range(len(word)):
        for last in range(first + 1, len(word) + 1):
            if not shortest <= last - first <= longest:
                continue
            if last - first == 1 and (first == 0 or last == len(word)):
                continue
            value = np.uint32(2166136261)
            with np.errstate(over="ignore"):
                for byte in word[first:last].encode():
                    value = value ^ np.int8(byte - 256 if byte > 127 else byte).astype(np.uint32)
                    value = value * np.uint32(16777619)
            found.append(int(value))
    return found


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.integers(0, 3))
def test_ngrams(word, shortest):
    word = f"<{word}>"
    hashes = list(ngram_hashes(word.encode(), shortest, shortest + 2))
    assert hashes == plain_hashes(word, shortest, shortest + 2)
