"""Text to ids, beside the same in Python: `python benchmarks/vectorizer.py REVIEWS.parquet ...`.

All texts of the files' `text` columns are turned into ids of the classic model (20,000 tokens,
cut at 600), on one core, by ours and by two Python ways, in turns; the ids must be the same:

- `re and dict`: lower case, `re.sub` over punctuation, `str.split`, `dict.get`;
- `bytes and dict`: UTF-8 `bytes.translate`, which lowers and deletes in one pass, `bytes.split`
  and `dict.get`: the fastest that we know how to write in Python.

Ours is timed on a list of strings, on the Arrow column that the file gave, with the rules of
Unicode and with words that end at punctuation (on the list; other ids, those of the latter
compared with `re` and `dict` by the same rule). Printed are the
median, the fastest and the slowest turn in processor seconds (each way has one thread, and a
neighbour on the machine is not counted), texts a second by the median, and the ratio
of the medians to ours on a list, with the least and the greatest ratio within one round.
"""

import argparse
import platform
import re
import statistics
import string
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bothways.text import TextVectorizer

VOCABULARY, LONGEST = 20_000, 600
MARKS = re.compile("[" + re.escape(string.punctuation) + "]+")
ENDS = re.compile("[" + re.escape(string.punctuation.replace("'", "")) + "]+")
SEPARATORS = "\x1c\x1d\x1e\x1f"  # white space to `str.split`, and not to Keras
WORDS = re.compile("[^\t\n\v\f\r ]+")
ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
BYTES_LOWER = bytes(range(256)).translate(
    bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
)
BYTES_MARKS = string.punctuation.encode()


def words(text):
    """The tokens of one text; only a text that is not ASCII needs the slower exact rules."""
    if text.isascii() and not any(c in text for c in SEPARATORS):
        return MARKS.sub("", text.lower()).split()
    return WORDS.findall(MARKS.sub("", text.translate(ASCII_LOWER)))


def parted_words(text):
    """The tokens of one text, whose words end at every mark but the apostrophe."""
    return words(ENDS.sub(" ", text))


def bytes_words(text):
    """The tokens of one text as UTF-8; `bytes` knows ASCII alone, as Keras does."""
    return text.encode().translate(BYTES_LOWER, BYTES_MARKS).split()


def python_ids(texts, split, numbers):
    """(T,) int32 ids of all texts and (N + 1,) offsets."""
    ids, offsets, get = [], [0], numbers.get
    for text in texts:
        ids += [get(word, 1) for word in split(text)[:LONGEST]]
        offsets.append(len(ids))
    return np.array(ids, np.int32), np.array(offsets)


def python_vocabulary(texts, split=words):
    """The learned tokens, as Keras ranks them."""
    counts = Counter()
    for text in texts:
        counts.update(split(text))
    ranked = sorted(counts, key=lambda word: (counts[word], word), reverse=True)
    return ranked[: VOCABULARY - 2]


def take_turns(ways, rounds):
    """Seconds of each way in each round, and its last result; who begins moves on."""
    seconds, results = {name: [] for name in ways}, {}
    for number in range(rounds):
        names = list(ways)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            started = time.process_time()
            results[name] = ways[name]()
            seconds[name].append(time.process_time() - started)
    return seconds, results


def show(title, seconds, texts, ours):
    """One table: a row for each way."""
    print(f"\n{title:22}{'median s':>10}{'least':>8}{'most':>8}{'texts/s':>10}  times ours")
    for name, taken in seconds.items():
        median = statistics.median(taken)
        rounds = [a / b for a, b in zip(taken, seconds[ours], strict=True)]
        ratio = median / statistics.median(seconds[ours])
        print(
            f"{name:22}{median:10.3f}{min(taken):8.3f}{max(taken):8.3f}{texts / median:10,.0f}"
            f"  {ratio:.1f} ({min(rounds):.1f} to {max(rounds):.1f})"
        )


def main():
    """Read, take turns, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("data", nargs="+", type=Path, help="Parquet files with a column `text`")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    tables = [pq.read_table(path, columns=["text"])["text"] for path in options.data]
    column = pa.chunked_array([chunk for table in tables for chunk in table.chunks])
    texts = column.to_pylist()
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{len(texts):,} texts, {size:.1f} MB; Python {platform.python_version()}, one core")

    parted = TextVectorizer(VOCABULARY, standardize="lower_and_split_at_punctuation")
    adapting = {
        "ours, list": lambda: TextVectorizer(VOCABULARY).adapt(texts).get_vocabulary()[2:],
        "ours, parted": lambda: parted.adapt(texts).get_vocabulary()[2:],
        "re and dict": lambda: python_vocabulary(texts),
    }
    seconds, learned = take_turns(adapting, min(options.rounds, 3))
    if learned["ours, list"] != learned["re and dict"]:
        raise SystemExit("the vocabularies differ")
    show("adapt", seconds, len(texts), "ours, list")
    parted_tokens = python_vocabulary(texts, parted_words)
    if learned["ours, parted"] != parted_tokens:
        raise SystemExit("the vocabularies of words that end at punctuation differ")

    tokens = learned["re and dict"]
    numbers = {token: number for number, token in enumerate(tokens, start=2)}
    bytes_numbers = {token.encode(): number for token, number in numbers.items()}
    vectorizer = TextVectorizer(VOCABULARY, output_sequence_length=LONGEST, vocabulary=tokens)
    unicode = TextVectorizer(
        VOCABULARY, output_sequence_length=LONGEST, vocabulary=tokens, unicode=True
    )
    parted = TextVectorizer.from_config(
        parted.get_config() | {"output_sequence_length": LONGEST}, parted_tokens
    )
    encoding = {
        "ours, list": lambda: vectorizer.encode(texts).ids,
        "ours, Arrow": lambda: vectorizer.encode(column).ids,
        "ours, unicode": lambda: unicode.encode(texts).ids,
        "ours, parted": lambda: parted.encode(texts).ids,
        "re and dict": lambda: python_ids(texts, words, numbers),
        "bytes and dict": lambda: python_ids(texts, bytes_words, bytes_numbers),
    }
    seconds, results = take_turns(encoding, options.rounds)
    show("encode", seconds, len(texts), "ours, list")
    want_ids, want_offsets = results["re and dict"]
    del results["ours, unicode"]  # other rules, other ids
    got = results.pop("ours, parted")
    parted_numbers = {token: number for number, token in enumerate(parted_tokens, start=2)}
    ids, offsets = python_ids(texts, parted_words, parted_numbers)
    if not (np.array_equal(got.values, ids) and np.array_equal(got.offsets, offsets)):
        raise SystemExit("ours, parted: the ids differ")
    for name, result in results.items():
        ids, offsets = (result.values, result.offsets) if name.startswith("ours") else result
        if not (np.array_equal(ids, want_ids) and np.array_equal(offsets, want_offsets)):
            raise SystemExit(f"{name}: the ids differ")
    print(f"\nidentical ids: {len(want_ids):,} in {len(texts):,} texts, and the same vocabulary")


if __name__ == "__main__":
    main()
