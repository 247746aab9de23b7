"""fastText's model file, `.bin`: a dictionary, and rows for words and for parts of words.

The vector of a word is the mean of its own row, if it has one, and of those of its character
n-grams, which lie in rows that a hash chooses (Bojanowski et al. 2017); the format and the hash
are those of `dictionary.cc`, `args.cc` and `densematrix.cc` of fastText 0.9.

    int32 magic, version; args: 12 int32 and a double
    int32 entries, words, labels; int64 tokens, pruned
    entries: bytes of the word, 0, int64 count, int8 type (0 a word, 1 a label)
    pruned pairs of int32, if any; bool quantized; int64 rows, columns; float32 matrix
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import DataError
from bothways.vectors._rows import Rows, Vectors

MAGIC = struct.pack("<i", 793712314)

_WORDS = 4096
# Words composed at a time: with 50 n-grams of 300 numbers each, 15 MB.
_COMPOSED = 256
_END_OF_SENTENCE = b"</s>"


class _Model(NamedTuple):
    """What of the file matters: the lengths of n-grams in characters, the number of rows for
    them, the words in their order, and the matrix of all rows."""

    shortest: int
    longest: int
    buckets: int
    words: list[bytes]
    matrix: NDArray[np.float32]


def read_fasttext(data: mmap, rows: Rows) -> Vectors:
    """See `read_vectors`."""
    try:
        model = _open(data, rows.name)
    except (struct.error, OverflowError):
        raise DataError(f"{rows.name}: ends within its description: it was cut off") from None
    wanted: dict[int, tuple[bytes, int]] = {}  # by the id: the word of the file, and its place
    for start in range(0, len(model.words), _WORDS):
        chunk = model.words[start : start + _WORDS]
        wanted |= {token: (chunk[n], start + n) for n, token in rows.claim(chunk)}
    composed = {token: (rows.words[token].encode(), -1) for token in rows.missing()}
    _put(model, wanted, rows)
    return rows.vectors(_put(model, composed, rows))


def _open(data: mmap, name: str) -> _Model:
    """Read all but the matrix. Raises `DataError`, and `struct.error` or
    `OverflowError` where the file ends."""
    version, *args = struct.unpack_from("<i12i", data, 4)
    if version not in (11, 12):
        raise DataError(f"{name}: has version {version} of fastText's format, expected 11 or 12")
    width, kind, buckets, shortest, longest = args[0], args[7], args[8], args[9], args[10]
    if version == 11 and kind == 3:
        longest = 0  # its classifiers had no n-grams, whatever was written
    position = 4 + 4 + 12 * 4 + 8
    entries, count, labels, _, pruned = struct.unpack_from("<iiiqq", data, position)
    position += 3 * 4 + 2 * 8
    if not (0 < width <= 65_536 and buckets >= 0 <= shortest) or count + labels != entries:
        raise DataError(
            f"{name}: says that it has {width} columns, {buckets} buckets and "
            f"{entries} entries ({count} words), which no model has"
        )
    words: list[bytes] = []
    for number in range(1, entries + 1):
        end = data.find(b"\0", position)
        if end < 0:
            raise DataError(
                f"{name}, entry {number:,} of {entries:,} (byte {position:,}): has no "
                "end: the file was cut off"
            )
        word, position = data[position:end], end + 1 + 8 + 1
        if data[position - 1 : position] == b"\0":
            words.append(word)
    position += 8 * max(pruned, 0)
    quantized, height, columns = struct.unpack_from("<?qq", data, position)
    position += 1 + 2 * 8
    if quantized:
        raise DataError(f"{name}: is a quantized model (.ftz), expected a whole one (.bin)")
    if columns != width or height != count + buckets or len(words) != count:
        raise DataError(
            f"{name}: has a matrix of {height} rows and {columns} columns, expected "
            f"{count + buckets} ({len(words)} words and {buckets} buckets) and {width}"
        )
    if len(data) - position < 4 * height * columns:
        raise DataError(
            f"{name}: has {len(data) - position:,} bytes for a matrix of {height:,} "
            f"rows and {columns} columns: the file was cut off"
        )
    matrix = np.frombuffer(data, "<f4", height * columns, position).reshape(height, columns)
    return _Model(shortest, longest, buckets, words, matrix)


def _put(model: _Model, wanted: dict[int, tuple[bytes, int]], rows: Rows) -> int:
    """Compose the rows of these ids; returns how many have any part in the model."""
    parts = {token: _parts(model, *word) for token, word in wanted.items()}
    tokens = [token for token in wanted if parts[token]]
    for start in range(0, len(tokens), _COMPOSED):
        some = tokens[start : start + _COMPOSED]
        lengths = [len(parts[token]) for token in some]
        places = np.array([part for token in some for part in parts[token]])
        first = np.cumsum([0, *lengths[:-1]])
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is refused
            means = (
                np.add.reduceat(model.matrix[places], first)
                / np.array(lengths, np.float32)[:, None]
            )
        for token, vector in zip(some, means, strict=True):
            number = wanted[token][1]
            rows.put(token, vector, f"word {number + 1:,}" if number >= 0 else "its n-grams")
    return len(tokens)


def _parts(model: _Model, word: bytes, number: int) -> list[int]:
    """The rows of a word: its own, if `number` is not negative, and those of its n-grams."""
    own = [number] if number >= 0 else []
    if not model.buckets or word == _END_OF_SENTENCE:
        return own
    hashes = ngram_hashes(b"<" + word + b">", model.shortest, model.longest)
    return own + [len(model.words) + h % model.buckets for h in hashes]


def ngram_hashes(word: bytes, shortest: int, longest: int) -> Iterator[int]:
    """The 32-bit hashes of the n-grams of `shortest` to `longest` characters, fastText's way.

    FNV-1a, but for bytes above 127, which are extended by their sign first, as a `char` is.
    One character is no n-gram at the beginning or the end, where it is the mark of that.
    """
    starts = [n for n, byte in enumerate(word) if byte & 0xC0 != 0x80] + [len(word)]
    for first in range(len(starts) - 1):
        value = 2166136261
        for last in range(first + 1, min(first + longest, len(starts) - 1) + 1):
            for byte in word[starts[last - 1] : starts[last]]:
                value ^= byte if byte < 128 else byte | 0xFFFFFF00
                value = value * 16777619 & 0xFFFFFFFF
            length = last - first
            edge = first == 0 or last == len(starts) - 1
            if length >= shortest and not (length == 1 and edge):
                yield value
