"""A column of weights: numbers from 0, in every format that has columns."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bothways.data import Dataset, fingerprint, read
from bothways.errors import DataError

ROWS = [("good film", "a", 2.0), ("bad film", "b", 0.0), ("a film", "a", 0.5)]


@pytest.fixture(params=["csv", "tsv", "jsonl", "parquet"])
def path(request, tmp_path):
    """The rows in a file, with the weights between the texts and the labels."""
    path = tmp_path / f"rows.{request.param}"
    columns = [dict(zip(("text", "label", "n"), row, strict=True)) for row in ROWS]
    if request.param == "parquet":
        pq.write_table(pa.Table.from_pylist(columns), path)
    elif request.param == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in columns))
    else:
        comma = "," if request.param == "csv" else "\t"
        lines = [("text", "n", "label"), *((text, str(w), label) for text, label, w in ROWS)]
        path.write_text("".join(comma.join(line) + "\n" for line in lines))
    return path


def test_weights_are_read_where_asked_for(path):
    rows = read(path, weight="n")
    assert list(zip(rows.texts, rows.labels, rows.weights, strict=True)) == ROWS
    assert rows.take([2, 0]).weights == [0.5, 2.0]
    assert read(path).weights is None


def test_weights_are_no_part_of_the_fingerprint(path):
    assert fingerprint(read(path)) == fingerprint(read(path, weight="n"))


def test_a_weight_column_leaves_the_other_two_obvious(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("words,n,verdict\ngood,1,a\nbad,2,b\n")
    rows = read(path, text="words", weight="n")
    assert rows.labels == ["a", "b"] and rows.weights == [1.0, 2.0]


@pytest.mark.parametrize(
    "content, message",
    [
        ("text,label,n\nx,a,1\ny,b,heavy\n", r"line 3, column 'n': the weight is 'heavy' \(str\)"),
        ("text,label,n\nx,a,-1\ny,b,1\n", "line 2, column 'n': the weight is '-1'"),
        ("text,label,n\nx,a,nan\ny,b,1\n", "line 2, column 'n': the weight is 'nan'"),
        ("text,label,n\nx,a,inf\ny,b,1\n", "line 2, column 'n': the weight is 'inf'"),
        ("text,label,n\nx,a,\ny,b,1\n", "line 2, column 'n': the weight is ''"),
        ("text,label,n\nx,a,0\ny,b,0\n", "column 'n': all 2 weights are 0"),
        ("text,label,m\nx,a,0\n", "there is no weight column 'n'; the columns are"),
    ],
)
def test_weights_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "rows.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read(path, weight="n")


@pytest.mark.parametrize("value", ["true", "null", '"x"', "[1]", "1" + "0" * 400])
def test_what_json_holds_and_is_no_weight(tmp_path, value):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "x", "label": "a", "n": ' + value + "}\n")
    with pytest.raises(DataError, match=r"line 1, column 'n': the weight is .*, expected a number"):
        read(path, weight="n")


def test_one_column_is_one_thing(path):
    with pytest.raises(DataError, match="'label' was given as both label and weight"):
        read(path, label="label", weight="label")


def test_formats_without_columns(tmp_path):
    (tmp_path / "rows.txt").write_text("__label__a x\n")
    with pytest.raises(DataError, match="no columns to choose from"):
        read(tmp_path / "rows.txt", weight="n")


def test_lengths_that_differ():
    with pytest.raises(DataError, match="got 1 weights for 2 texts"):
        Dataset(["x", "y"], ["a", "b"], "rows", weights=[1.0])
