"""word2vec's binary format: a line of two numbers, then words and float32 numbers.

    3000000 300\n
    word, a blank, 300 little-endian float32 (, \n) and so on

The line feed after each vector is there if word2vec itself wrote the file, and not if others did.
"""

from __future__ import annotations

import re
from mmap import mmap

import numpy as np

from bothways.errors import DataError
from bothways.vectors._rows import Rows, Vectors

_HEADER = re.compile(rb"(\d{1,15}) (\d{1,5})\r?\n")
# Words looked up at a time, and bytes of the longest one.
_WORDS, _LONGEST = 4096, 10_000


def read_word2vec(data: mmap, rows: Rows) -> Vectors:
    """See `read_vectors`."""
    header = _HEADER.match(data[:40])
    if header is None or not int(header[2]):
        raise DataError(
            f"{rows.name}: begins neither as word2vec's nor as fastText's .bin; "
            "vectors as text need another suffix, such as .vec"
        )
    count, width = int(header[1]), int(header[2])
    least = header.end() + count * (4 * width + 1)
    if len(data) < least:
        raise DataError(
            f"{rows.name}: says that there are {count:,} vectors of {width} numbers, which take "
            f"{least:,} bytes or more, and has {len(data):,}: the file was cut off"
        )
    position = header.end()
    words: list[bytes] = []
    places: list[int] = []
    for number in range(1, count + 1):
        while data[position : position + 1] == b"\n":
            position += 1
        end = data.find(b" ", position, position + _LONGEST)
        if end < 0 or end + 1 + 4 * width > len(data):
            raise DataError(
                f"{rows.name}, word {number:,} of {count:,} (byte {position:,}): has no end or no "
                "whole vector: the file was cut off or damaged"
            )
        words.append(data[position:end])
        places.append(end + 1)
        position = end + 1 + 4 * width
        if len(words) == _WORDS or number == count:
            first = number - len(words) + 1
            for place, token in rows.claim(words):
                vector = np.frombuffer(data, "<f4", width, places[place]).astype(np.float32)
                rows.put(token, vector, f"word {first + place:,}")
            words, places = [], []
    if data[position:].strip(b"\n"):
        raise DataError(
            f"{rows.name}: has {len(data) - position:,} bytes after the last of {count:,} words, "
            f"expected none: it does not hold vectors of {width} float32 numbers"
        )
    return rows.vectors()
