"""Files that cannot be used: one sentence with the place, and no memory for what they claim."""

import os
import resource
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from test_formats import ROWS, binary, text, vectorizer

from bothways.errors import BothwaysError, DataError
from bothways.vectors import read_vectors

FASTTEXT = (Path(__file__).parents[1] / "golden" / "fasttext_words.bin").read_bytes()
ARGS, DICTIONARY = 8, 4 + 4 + 48 + 8


def refused(path, *words) -> str:
    with pytest.raises(DataError) as caught:
        read_vectors(path, vectorizer(*(words or ("the", "film", "good"))))
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "data, expected",
    [
        (b"", "is empty"),
        (b"\n\n", "line 1: has no numbers"),
        (b"the\n", "line 1: has no numbers"),
        (b"5 0\nthe\n", "line 1: has no numbers"),
        (b"the 1 2 3\nfilm 1 2\n", "line 2: has a vector of 2 numbers, expected 3 as in line 1"),
        (b"the 1 2 3\nfilm 1 2 3 4\n", "line 2: has a vector of 4 numbers, expected 3"),
        (b"1 3\nthe 1 2\n", "line 2: has a vector of 2 numbers, expected 3"),
        (b"the 1 2 3\nfilm  2 3\n", "line 2: has a vector of 2 numbers, expected 3"),
        (b"the 1 2 3\nfilm 1 nan 3\n", "line 2: the vector of 'film' holds nan, expected finite"),
        (b"the 1 2 3\nfilm 1 -inf 3\n", "line 2: the vector of 'film' holds -inf"),
        (b"the 1 2 3\nfilm 1 1e99 3\n", "line 2: the vector of 'film' holds inf"),
        (b"the 1 2 3\nfilm 1 two 3\n", "line 2: holds 'two', expected a number"),
        (b"9 3\nthe 1 2 3\nfilm 1 2 3\n", "says that there are 9 words, and 2 follow: the file"),
        (b"les 1 2 3\nbon 1 2 3\n", "none of its 2 words is among the 3 of the vocabulary"),
        (b"the 1 2 3\n\0\0\0\0\n", "line 2: holds a NUL byte"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "is packed with gzip; unpack it first"),
        (b"PK\3\4\0\0\0\0", "is packed with zip"),
        (b"the " + b"1 " * 1_100_000, "line 1: is longer than 2 MiB"),
        (b"the " + b"1 " * 70_000 + b"\n", "has 70,000 numbers, expected at most 65,536"),
    ],
)
def test_text(tmp_path, data, expected):
    path = tmp_path / "a.vec"
    path.write_bytes(data)
    assert expected in refused(path)


@pytest.mark.parametrize(
    "data, expected",
    [
        (b"the 1 2 3\n", "begins neither as word2vec's nor as fastText's .bin"),
        (b"3 0\n", "begins neither"),
        (b"9" * 15 + b" 300\n", "says that there are 999,999,999,999,999 vectors of 300 numbers"),
        (b"1 99999\nthe \0\0\0\0", "the file was cut off"),
        (binary(ROWS)[:-9], "the file was cut off"),
        (binary(ROWS, feed=b"")[:-1] + b"", "the file was cut off"),
        (binary(ROWS) + b"more", "bytes after the last of 5 words, expected none"),
        (binary({"the": [1.0], "film": [float("nan")]}), "word 2: the vector of 'film' holds nan"),
        (b"2 1\nthe 0000\nfilm" + b"x" * 20_000, "word 2 of 2 (byte 13): has no end"),
        (binary({"les": [1.0]}), "none of its 1 words is among"),
    ],
)
def test_word2vec(tmp_path, data, expected):
    path = tmp_path / "a.bin"
    path.write_bytes(data)
    assert expected in refused(path)


def patched(offset: int, form: str, value) -> bytes:
    return FASTTEXT[:offset] + struct.pack(form, value) + FASTTEXT[offset + struct.calcsize(form) :]


def matrix_at() -> int:
    """Where the input matrix is described: after the entries of the dictionary."""
    entries = struct.unpack_from("<i", FASTTEXT, DICTIONARY)[0]
    position = DICTIONARY + 3 * 4 + 2 * 8
    for _ in range(entries):
        position = FASTTEXT.index(b"\0", position) + 1 + 8 + 1
    return position


@pytest.mark.parametrize(
    "data, expected",
    [
        (patched(4, "<i", 13), "has version 13 of fastText's format, expected 11 or 12"),
        (patched(ARGS, "<i", 2**30), "which no model has"),
        (patched(ARGS, "<i", 7), "expected 72 (12 words and 60 buckets) and 7"),
        (patched(ARGS + 8 * 4, "<i", -1), "which no model has"),
        (patched(ARGS + 8 * 4, "<i", 2**31 - 1), "has a matrix of 72 rows"),
        (patched(DICTIONARY, "<i", 2**31 - 1), "which no model has"),
        (patched(DICTIONARY + 20, "<q", 2**60), "ends within its description"),
        (patched(matrix_at(), "<?", True), "is a quantized model (.ftz), expected a whole one"),
        (patched(matrix_at() + 1, "<q", 2**60), f"has a matrix of {2**60} rows"),
        (patched(matrix_at() + 17, "<f", float("nan")), "holds nan, expected finite numbers"),
        (FASTTEXT[:30], "ends within its description: it was cut off"),
        (FASTTEXT[: DICTIONARY + 40], "the file was cut off"),
        (FASTTEXT[: matrix_at() + 200], "bytes for a matrix of 72 rows"),
    ],
)
def test_fasttext(tmp_path, data, expected):
    path = tmp_path / "a.bin"
    path.write_bytes(data)
    assert expected in refused(path, "the", "The", "film", "good", "a", "s", "goodness")


def test_every_cut_and_every_flipped_byte_is_read_or_refused(tmp_path):
    """Nothing but `DataError` comes out, and no memory for what is not there goes in."""
    path = tmp_path / "a.bin"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for n in range(0, len(FASTTEXT), 3):
        for data in (FASTTEXT[:n], FASTTEXT[:n] + b"\xff\xff\x7f" + FASTTEXT[n + 3 :]):
            path.write_bytes(data)
            with suppress(DataError):
                read_vectors(path, vectorizer("the", "film", "unseen"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_things_that_are_no_files(tmp_path):
    assert "no such file" in refused(tmp_path / "none.vec")
    assert "is a folder" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe.vec")
    assert "is a pipe" in refused(tmp_path / "pipe.vec")
    (tmp_path / "a.vec").write_bytes(text(ROWS))
    with pytest.raises(BothwaysError, match="no vocabulary yet"):
        from bothways import TextVectorizer

        read_vectors(tmp_path / "a.vec", TextVectorizer())
