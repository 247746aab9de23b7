"""The same IMDB data for every peer, prepared once under `build/bench/`.

Writes `train.parquet` and `valid.parquet` (text, label) for whole jobs, and for timing steps the
ids by Keras TextVectorization's rules: 20,000 tokens (0 padding, 1 unknown), cut at 600, as
`{train,valid}_{values,offsets,labels}.npy`. The split is stratified, 5,000 held out, seed 0.
`reviews.txt` has all reviews, one a line, and `labelled.txt` the same with fastText's labels.
"""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.model_selection import train_test_split

HELD_OUT = 5_000
VOCABULARY, LONGEST = 20_000, 600
LAYOUT = 2  # of what is written here: another number prepares again
PUNCTUATION = re.compile(r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']")


def prepare(source: Path, folder: Path) -> None:
    """Prepare `folder` from `source`, unless it already holds this very file's data."""
    if not source.is_file():
        raise SystemExit(f"The benchmark needs IMDB reviews (text, label) and found no {source}.")
    stamp, state = folder / "source.json", source.stat()
    identity = json.dumps([LAYOUT, state.st_size, state.st_mtime_ns])
    if stamp.is_file() and stamp.read_text() == identity:
        return
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "models", ignore_errors=True)  # which workers keep there
    table = pq.read_table(source, columns=["text", "label"])
    write_lines(folder, table)
    rows = np.arange(table.num_rows)
    labels = table["label"].to_numpy(zero_copy_only=False)
    train, valid = train_test_split(rows, test_size=HELD_OUT, random_state=0, stratify=labels)
    vocabulary: dict[str, int] = {}
    for name, chosen in (("train", train), ("valid", valid)):
        part = table.take(pa.array(chosen))
        pq.write_table(part, folder / f"{name}.parquet")
        words = [tokens(text) for text in part["text"].to_pylist()]
        vocabulary = vocabulary or frequent(words)
        write_ids(folder, name, [[vocabulary.get(w, 1) for w in text[:LONGEST]] for text in words])
        positive = labels[chosen] == max(set(labels))
        np.save(folder / f"{name}_labels.npy", positive.astype(np.float32))
    stamp.write_text(identity)


def tokens(text: str) -> list[str]:
    """Lower the case, delete punctuation, split at white space."""
    return PUNCTUATION.sub("", text.lower()).split()


def frequent(texts: list[list[str]]) -> dict[str, int]:
    """Number the most frequent tokens from 2, ties by the later word first, as Keras does."""
    counts = Counter(word for text in texts for word in text)
    ranked = sorted(counts, key=lambda word: (counts[word], word), reverse=True)
    return {word: number for number, word in enumerate(ranked[: VOCABULARY - 2], start=2)}


def write_ids(folder: Path, name: str, ids: list[list[int]]) -> None:
    """Write ragged ids: values (T,) int32 and offsets (N + 1,) int64."""
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in ids])])
    np.save(folder / f"{name}_offsets.npy", offsets.astype(np.int64))
    np.save(folder / f"{name}_values.npy", np.concatenate(ids).astype(np.int32))


def write_lines(folder: Path, table: pa.Table) -> None:
    """Write all reviews a line each, without labels and with."""
    rows = zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True)
    lines = [(re.sub(r"[\r\n]", " ", text), label) for text, label in rows]
    plain = "".join(f"{text}\n" for text, _ in lines)
    (folder / "reviews.txt").write_text(plain, encoding="utf-8")
    labelled = "".join(f"__label__{label} {text}\n" for text, label in lines)
    (folder / "labelled.txt").write_text(labelled, encoding="utf-8")
