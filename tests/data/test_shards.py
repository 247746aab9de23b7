"""DATA of many files: what counts as one, how it is read, and that nothing changes under a run."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bothways.data import find_shards, first_columns, read, read_pieces
from bothways.errors import DataError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(["a", "b", "NA"])), min_size=1, max_size=12)
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
PACK = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
}


def table(kind, rows):
    """Rows of text and label as the bytes of a file."""
    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    if kind == "parquet":
        file = io.BytesIO()
        columns = {"text": pa.array(texts, pa.string()), "label": pa.array(labels, pa.string())}
        pq.write_table(pa.table(columns), file, row_group_size=3)
        return file.getvalue()
    if kind == "jsonl":
        lines = (json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)
        return "".join(lines).encode()
    file = io.StringIO(newline="")
    delimiter = {"csv": ",", "tsv": "\t"}[kind]
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label"), *rows])
    return file.getvalue().encode()


@same_folder
@given(ROWS, st.sampled_from(["csv", "tsv", "jsonl", "parquet"]), st.integers(1, 5), st.data())
def test_pieces_are_the_rows_in_order(tmp_path, rows, kind, size, data):
    pack = data.draw(st.sampled_from(sorted(PACK))) if kind != "parquet" else ""
    path = tmp_path / f"rows.{kind}{pack}"
    path.write_bytes(PACK[pack](table(kind, rows)))
    whole = read(path)
    assert list(zip(whole.texts, whole.labels, strict=True)) == rows
    (shard,) = find_shards(str(path))
    pieces = list(read_pieces(shard, rows=size))
    found = [
        (text, label, piece.place(n))
        for piece in pieces
        for n, (text, label) in enumerate(zip(piece.texts, piece.labels, strict=True))
    ]
    assert found == [(*row, whole.place(n)) for n, row in enumerate(rows)]
    assert all(0 < len(piece) <= size for piece in pieces)


@same_folder
@given(st.lists(ROWS, min_size=2, max_size=4), st.sampled_from(["csv", "jsonl", "parquet"]))
def test_shards_are_their_rows_one_after_another(tmp_path, parts, kind):
    for old in tmp_path.iterdir():
        old.unlink()
    for n, rows in enumerate(parts):
        (tmp_path / f"{n}.{kind}").write_bytes(table(kind, rows))
    together = read(tmp_path)
    assert list(zip(together.texts, together.labels, strict=True)) == [
        row for rows in parts for row in rows
    ]
    singles = [read(tmp_path / f"{n}.{kind}") for n in range(len(parts))]
    places = [single.place(k) for single in singles for k in range(len(single))]
    assert [together.place(n) for n in range(len(together))] == places
    assert list(together.rows) == places
    backwards = together.take(range(len(together) - 1, -1, -1))
    assert [backwards.place(n) for n in range(len(backwards))] == places[::-1]


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            pq.write_table(pa.table(content), folder / name)
        else:
            (folder / name).write_text(content)


def test_shards_without_rows_are_read_past(tmp_path):
    write(tmp_path, {"a.csv": "text,label\n", "b.csv": "text,label\nx,1\ny,0\n", "c.csv": ""})
    assert read(tmp_path).texts == ["x", "y"]
    shards = find_shards(str(tmp_path))
    assert [len(list(read_pieces(shard))) for shard in shards] == [0, 1, 0]
    assert first_columns(shards).source == f"{tmp_path}/b.csv"
    (tmp_path / "b.csv").write_text("text,label\n")
    with pytest.raises(DataError, match=r"a\.csv: holds no rows, and neither do 2 more shards"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"a\.csv: holds no rows"):
        first_columns(shards)


TEXT = {"text": ["x", "y"]}
DIFFERENT = {
    "a column is missing": (
        {"a.csv": "text,label\nx,1\n", "b.csv": "text,stars\ny,2\n"},
        "b.csv: there is no label column 'label', which the first shard {}/a.csv has; the columns "
        "are 'text', 'stars'",
    ),
    "the text is missing": (
        {"a.jsonl": '{"text": "x", "label": 1}', "b.jsonl": '{"body": "x", "label": 1}'},
        "b.jsonl: there is no text column 'text', which the first shard {}/a.jsonl has",
    ),
    "numbers": (
        {"a.parquet": TEXT | {"label": ["p", "n"]}, "b.parquet": TEXT | {"label": [1, 0]}},
        "b.parquet, column 'label': holds numbers, and strings in the first shard {}/a.parquet",
    ),
    "numbers in lines": (
        {"a.jsonl": '{"text": "x", "label": "p"}', "b.jsonl": '{"text": "x", "label": 1}'},
        "b.jsonl, column 'label': holds numbers, and strings in the first shard {}/a.jsonl",
    ),
    "bools": (
        {"a.parquet": TEXT | {"label": [1, 0]}, "b.parquet": TEXT | {"label": [True, False]}},
        "b.parquet, column 'label': holds bools, and numbers in the first shard {}/a.parquet",
    ),
    "bytes": (
        {"a.parquet": TEXT | {"label": [1, 0]}, "b.parquet": {"text": [b"x"], "label": [1]}},
        "b.parquet, column 'text': holds binary, and strings in the first shard {}/a.parquet",
    ),
    "another format": (
        {"a.csv": "text,label\nx,1\n", "b.jsonl": '{"text": "x", "label": 1}'},
        "b.jsonl: is jsonl, and {}/a.csv is csv; shards have one format",
    ),
    "something else": (
        {"a.csv": "text,label\nx,1\n", "README.md": "# Reviews"},
        "README.md: has the suffix '.md', expected one of .csv, .tsv",
    ),
    "compressed Parquet": ({"a.parquet.gz": ""}, "a.parquet.gz: is compressed around Parquet"),
    "shards and labels": (
        {"a.csv": "text,label\nx,1\n", "pos/1.txt": "x"},
        ": holds shards such as 'a.csv' and folders such as 'pos', expected shards or one "
        "subfolder for each label",
    ),
    "a row at fault": (
        {"a.csv": "text,label\nx,1\n", "b.csv": "text,label\ny,0\nz\n"},
        "b.csv, line 3: has 1 field, the header has 2",
    ),
    "a label at fault": (
        {"a.csv": "text,label\nx,1\n", "b.csv": "text,label\ny,0\nz,\n"},
        "b.csv, column 'label': 1 of 2 rows has no label: line 3",
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_shards_that_do_not_go_together(tmp_path, case):
    files, expected = DIFFERENT[case]
    write(tmp_path, files)
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    said = str(caught.value)
    assert said.startswith(str(tmp_path)) and "\n" not in said
    assert expected.format(tmp_path) in said


@pytest.mark.parametrize("case", [c for c, (_, said) in DIFFERENT.items() if "first shard" in said])
def test_pieces_of_shards_that_do_not_go_together(tmp_path, case):
    files, expected = DIFFERENT[case]
    write(tmp_path, files)
    first, second = find_shards(str(tmp_path))
    like = first_columns([first, second])
    assert len(list(read_pieces(first, like=like))) == 1
    with pytest.raises(DataError) as caught:
        list(read_pieces(second, like=like))
    assert expected.format(tmp_path) in str(caught.value)


def test_labels_that_nobody_needs_may_be_missing_in_a_shard(tmp_path):
    write(tmp_path, {"a.csv": "text,label\nx,1\n", "b.csv": "text,stars\ny,2\n"})
    rows = read(tmp_path, need_labels=False)
    assert (rows.texts, rows.labels) == (["x", "y"], None)


def test_options_are_for_all_shards(tmp_path):
    head = "words,kind,much,part\n"
    write(tmp_path, {"a.csv": head + "x,p|n,2,test\n", "b.csv": head + "y,,0,train\n"})
    options = {"text": "words", "label": "kind", "weight": "much", "held_out": "part"}
    rows = read(tmp_path, **options, label_separator="|", multilabel=True)
    assert rows.label_sets == [("p", "n"), ()]
    assert (rows.weights, rows.held_out) == ([2.0, 0.0], [True, False])
    (tmp_path / "a.csv").write_text(head + "x,p,0,\n")
    with pytest.raises(DataError, match="column 'much': all 2 weights are 0"):
        read(tmp_path, **options, label_separator="|", multilabel=True)


def test_a_shard_that_changes_between_its_pieces(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\n" + "x,1\n" * 10)
    (shard,) = find_shards(f"{tmp_path}/*.csv")
    pieces = read_pieces(shard, rows=4)
    assert len(next(pieces)) == 4
    with open(shard.url, "a") as file:
        file.write("y,0\n")
    with pytest.raises(DataError, match=r"a\.csv: has changed since it was listed"):
        list(pieces)


@pytest.mark.parametrize("kind", ["csv.gz", "jsonl", "txt", "parquet"])
def test_memory_is_bounded(tmp_path, kind):
    """40 MB of texts, in Parquet as a single group of rows, are read within half of that."""
    words = ("word " * 2_000)[:-1]
    rows = [(f"{n} {words}", str(n % 2)) for n in range(4_000)]
    path = tmp_path / f"rows.{kind}"
    if kind == "txt":
        path.write_text("".join(f"__label__{label} {text}\n" for text, label in rows))
    elif kind == "parquet":
        columns = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
        pq.write_table(pa.table(columns), path, row_group_size=10_000, use_dictionary=False)
        assert pq.ParquetFile(path).num_row_groups == 1
    else:
        pack = PACK[".gz"] if kind.endswith(".gz") else bytes
        path.write_bytes(pack(table(kind.partition(".")[0], rows)))
    del rows
    (shard,) = find_shards(str(path))
    pool, seen = pa.default_memory_pool(), 0
    before = pool.bytes_allocated()
    tracemalloc.start()
    arrow = 0
    for piece in read_pieces(shard, rows=100):
        seen += len(piece)
        arrow = max(arrow, pool.bytes_allocated() - before)
    _, python = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen == 4_000
    assert python + arrow < 20e6
