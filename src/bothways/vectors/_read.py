"""One door for every format of word vectors."""

from __future__ import annotations

import mmap
import os

from bothways.data import open_regular, show
from bothways.errors import DataError
from bothways.text import TextVectorizer
from bothways.vectors._fasttext import MAGIC, read_fasttext
from bothways.vectors._rows import Rows, Vectors
from bothways.vectors._text import read_text
from bothways.vectors._word2vec import read_word2vec

_PACKED = {b"\x1f\x8b": "gzip", b"PK\3\4": "zip", b"\xfd7zX": "xz"}


def read_vectors(path: str | os.PathLike[str], vectorizer: TextVectorizer) -> Vectors:
    """The vectors of a file for the words of an adapted vectorizer.

    `.vec`, `.txt` and the like are text: a word and its numbers a line, with or without a first
    line of the number of words and the width. `.bin` is fastText's model, whose rows for parts of
    words also give vectors to words that it does not have, or word2vec's binary format. See
    `Rows` for which word of the file is which of the vocabulary.

    Raises `DataError`, one sentence with the line or place, for a file that cannot be read, is
    cut off, holds vectors of different widths or numbers that are not finite, or has no word in
    common with the vocabulary.
    """
    name = show(path)
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise DataError(f"{name}: is empty")
        head = file.read(len(MAGIC))
        file.seek(0)
        for start, program in _PACKED.items():
            if head.startswith(start):
                raise DataError(f"{name}: is packed with {program}; unpack it first")
        rows = Rows(vectorizer, name)
        if head != MAGIC and not os.fspath(path).lower().endswith(".bin"):
            return read_text(file, rows)
        # Not closed, but left to whoever still looks at a part of it: an error may.
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return (read_fasttext if head == MAGIC else read_word2vec)(data, rows)
