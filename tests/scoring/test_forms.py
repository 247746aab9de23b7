"""Shards of every format: all rows and columns come out as they went in, bad ones too."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bothways
from bothways.errors import DataError
from bothways.scoring import score, score_table


@pytest.fixture
def scored(tmp_path, tiny_model):
    """Score a folder of shards; the folder of the answers and the summary."""

    def run(**options):
        out = tmp_path / "out"
        return out, score(str(tiny_model), str(tmp_path / "in"), str(out), **options)

    (tmp_path / "in").mkdir()
    return run


def rich_table(rows):
    words = ["good", "a bad film", "", "the very", "not"]
    return pa.table(
        {
            "when": pa.array([datetime(2024, 1, n % 28 + 1, tzinfo=UTC) for n in range(rows)]),
            "text": pa.array([words[n % 5] for n in range(rows)], pa.large_string()),
            "kind": pa.array(["x" if n % 3 else None for n in range(rows)]).dictionary_encode(),
            "price": pa.array([Decimal(n) / 100 for n in range(rows)], pa.decimal128(9, 2)),
            "tags": pa.array([["a", None]] * rows, pa.list_(pa.string())),
            "label": pa.array(np.arange(rows), pa.int8()),
        },
        metadata={"made": "by hand"},
    )


def test_parquet_keeps_columns_types_groups_and_codec(tmp_path, scored, tiny_model):
    shard = tmp_path / "in" / "a.parquet"
    pq.write_table(rich_table(100), shard, row_group_size=40, compression="zstd")
    table = pq.read_table(shard)
    out, summary = scored(text="text")
    found = pq.ParquetFile(out / "a.parquet")
    whole = found.read()
    assert whole.select(table.column_names).equals(table, check_metadata=True)
    assert summary.prefix == "predicted_" and (summary.rows, summary.errors) == (100, 0)
    sizes = [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)]
    assert sizes == [40, 40, 20]
    assert found.metadata.row_group(0).column(1).compression == "ZSTD"
    assert whole.equals(score_table(bothways.load(tiny_model), table))


def test_an_empty_parquet_shard(tmp_path, scored):
    pq.write_table(rich_table(3)[:0], tmp_path / "in" / "none.parquet")
    pq.write_table(rich_table(3), tmp_path / "in" / "some.parquet")
    out, _ = scored()
    none, some = (pq.read_table(out / f"{name}.parquet") for name in ("none", "some"))
    assert none.schema.equals(some.schema, check_metadata=True) and len(none) == 0


BAD_CSV = b"""text,n\r
good,1\r
bad\xff one,2\r
"a line\r
and one, more",3\r
too,many,"fi""elds"\r
few\r
\r
"never closed,5\r
after it,6\r
"a"b,7\r
with\0nul,8\r
the last,9"""


def test_csv_keeps_every_row(tmp_path, scored, tiny_model):
    (tmp_path / "in" / "a.csv").write_bytes(b"\xef\xbb\xbf" + BAD_CSV)
    out, summary = scored()
    data = (out / "a.csv").read_bytes()
    rows = list(csv.DictReader(data.decode().splitlines(keepends=True), strict=True))
    assert data.startswith(b"text,n,label,probability,model,error\r\ngood,1,pos,0.")
    assert [row["text"] for row in rows] == [
        *("good", "bad\\xff one", "a line\r\nand one, more", "too", "few", "", "after it", ""),
        *("with\0nul", "the last"),
    ]
    errors = {n: row["error"] for n, row in enumerate(rows) if row["error"]}
    assert (summary.rows, summary.errors) == (10, len(errors)) == (10, 6)
    assert errors == {
        1: "is not UTF-8 (byte 4 of the row), which is written as \\xff",
        3: 'has 3 fields, the header has 2; the row was: too,many,"fi""elds"',
        4: "has 1 field, the header has 2; the row was: few",
        5: "a quoted field in this row goes on after its closing quote; write a quote twice; "
        'the row was: "never closed,5',
        7: "a quoted field in this row goes on after its closing quote; write a quote twice; "
        'the row was: "a"b,7',
        8: "holds a NUL byte, expected UTF-8 text",
    }
    assert all(row["label"] == row["probability"] == "" for row in rows if row["error"])
    fine = [row for row in rows if not row["error"]]
    model = bothways.load(tiny_model)
    assert [row["label"] for row in fine] == model.predict([row["text"] for row in fine])
    best = model.predict_proba([row["text"] for row in fine]).max(axis=1)
    assert [float(row["probability"]) for row in fine] == [round(p, 6) for p in best.tolist()]


def test_a_quote_that_is_open_to_the_end(tmp_path, scored):
    (tmp_path / "in" / "a.tsv").write_bytes(b'text\tn\n"open\t1\ngood\t2\nbad\t3\n')
    out, summary = scored()
    lines = (out / "a.tsv").read_text().splitlines()
    assert (summary.rows, summary.errors) == (3, 1)
    assert lines[1].startswith("\t\t\t\t") and "is opened in this row and never closed" in lines[1]
    assert [line.split("\t")[0] for line in lines[2:]] == ["good", "bad"]


BAD_JSONL = b"""{"text": "good", "id": 12345678901234567890.10, "e": 1e5}

{"id": 1}
{"text": 5}
nope
[1]
{"text": "\xff"}
{"text": "\\ud800"}
  {"id":7,"text": "fine"  }\r
{}
{"text": null}"""


def test_jsonl_keeps_every_line(tmp_path, scored, tiny_model):
    (tmp_path / "in" / "a.jsonl").write_bytes(BAD_JSONL)
    out, summary = scored()
    lines = (out / "a.jsonl").read_text().splitlines()
    assert lines[0].startswith('{"text": "good", "id": 12345678901234567890.10, "e": 1e5, "label"')
    assert lines[7].startswith('{"id":7,"text": "fine", "label": "')
    rows = [json.loads(line) for line in lines]
    assert (summary.rows, summary.errors) == (10, 8)
    assert [row["error"] for row in rows] == [
        None,
        "there is no 'text'",
        "the text is 5 (int), expected a string",
        "is not JSON (Expecting value, column 1); the line was: nope",
        "is [1] (list), expected an object such as {'text': ...}; the line was: [1]",
        'is not UTF-8 (byte 11 of the line); the line was: {"text": "\\xff"}',
        "the text holds half of a surrogate pair, not a character",
        None,
        "there is no 'text'",
        "the text is missing (null), expected a string",
    ]
    assert list(rows[3]) == ["label", "probability", "model", "error"]
    assert rows[1]["id"] == 1 and rows[2]["text"] == 5
    model = bothways.load(tiny_model)
    assert [rows[0]["label"], rows[7]["label"]] == model.predict(["good", "fine"])
    assert {row["label"] for row in rows if row["error"]} == {None}


def test_long_shards_come_in_pieces(tmp_path, scored):
    texts = [f"film {'good ' * (n % 9)}{n}" for n in range(20_001)]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    with gzip.open(tmp_path / "in" / "a.jsonl.gz", "wt") as file:
        file.write(lines.replace('film 8"', "film 8"))
    out, summary = scored(threads=2)
    with gzip.open(out / "a.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    assert (summary.rows, summary.errors) == (20_001, 0)
    assert [row["text"] for row in rows] == texts


def test_gzip_has_no_time_in_it(tmp_path, scored):
    with gzip.open(tmp_path / "in" / "a.csv.gz", "wt") as file:
        file.write("text,n\ngood,1\n")
    out, _ = scored()
    assert (out / "a.csv.gz").read_bytes()[4:8] == bytes(4)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.parquet", b"PAR1 and no more", "is not a whole Parquet file"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xff\xfet\0e\0x\0t\0", "is UTF-16"),
        ("a.csv", b'"text,n\n', "line 1: is no row with the names of columns"),
        ("a.jsonl", b"[]\n[]\n", "holds no JSON object"),
        ("a.csv", b"a,b,c\n1,2,3\n", "no column is obviously the text"),
        ("a.csv", b"text\n" + b"x" * (17 << 20), "line 2: is longer than 16,777,216 characters"),
        ("a.jsonl", b'{"text": ""}\n' + b"x" * (17 << 20), "line 2: is longer than 16,777,216 b"),
    ],
)
def test_a_shard_that_cannot_be_read(tmp_path, scored, name, data, why):
    (tmp_path / "in" / name).write_bytes(data)
    try:
        _, summary = scored()
        (said,) = summary.failed.values()
    except DataError as error:
        said = str(error)
    assert why in said and said.startswith(str(tmp_path / "in" / name))
    assert not (tmp_path / "out" / name).exists()
    assert [p.name for p in (tmp_path / "out").iterdir() if p.name != "_bothways.json"] == []


def test_a_later_row_with_a_name_of_ours(tmp_path, scored):
    rows = [{"text": "good"}] * 1500 + [{"text": "bad", "label": "x"}]
    (tmp_path / "in" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, summary = scored()
    (said,) = summary.failed.values()
    assert "line 1501: has 'label' already" in said and "--prefix" in said
    out, summary = scored(prefix="our_", overwrite=True)
    assert not summary.failed
    last = json.loads((out / "a.jsonl").read_text().splitlines()[-1])
    assert last["label"] == "x" and last["our_label"] in ("pos", "neg")


def test_several_labels_in_every_format(tmp_path, several_folder):
    texts = ["a red film", "film", "old red"]
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(pa.table({"text": texts}), folder / "a.parquet")
    (folder / "a.csv").write_text("text\n" + "\n".join(texts))
    (folder / "a.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    for suffix in ("parquet", "csv", "jsonl"):
        score(str(several_folder), str(folder / f"a.{suffix}"), str(tmp_path / "out"))
    table = pq.read_table(tmp_path / "out" / "a.parquet").to_pydict()
    lines = (tmp_path / "out" / "a.jsonl").read_text().splitlines()
    rows = list(csv.DictReader((tmp_path / "out" / "a.csv").read_text().splitlines()))
    assert {len(labels) for labels in table["label"]} == {0, 1, 2}
    assert [json.loads(line)["label"] for line in lines] == table["label"]
    assert [row["label"] for row in rows] == ["|".join(labels) for labels in table["label"]]
    assert [row["probability"] for row in rows] == [
        "|".join(str(round(p, 6)) for p in values) for values in table["probability"]
    ]
