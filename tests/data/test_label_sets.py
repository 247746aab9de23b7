"""Several labels a text: in cells that a separator divides, in lists, on fastText lines."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.data import Dataset, check_label_sets, fingerprint, read
from bothways.errors import DataError

SETS = [("a", "b"), (), ("b",), ("c", "a")]
TEXTS = ["one", "two", "three", "four"]


@pytest.fixture(params=["csv", "tsv", "jsonl", "parquet"])
def written(request, tmp_path):
    """The rows in a file, and how to read it."""
    path = tmp_path / f"rows.{request.param}"
    if request.param == "parquet":
        pq.write_table(pa.table({"text": TEXTS, "labels": [list(s) for s in SETS]}), path)
    elif request.param == "jsonl":
        rows = [{"text": t, "labels": s} for t, s in zip(TEXTS, SETS, strict=True)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        comma = "," if request.param == "csv" else "\t"
        rows = [("text", "labels"), *zip(TEXTS, map(" | ".join, SETS), strict=True)]
        path.write_text("".join(comma.join(row) + "\n" for row in rows))
        return path, {"label_separator": "|"}
    return path, {"multilabel": True}


def test_every_format_holds_the_same(written):
    path, options = written
    rows = read(path, **options)
    assert rows.texts == TEXTS and rows.labels is None
    assert rows.label_sets == rows.sets == SETS
    assert rows.take([3, 1]).label_sets == [("c", "a"), ()]
    assert check_label_sets(rows) == ("a", "b", "c")
    assert fingerprint(rows) == fingerprint(Dataset(TEXTS, None, "", label_sets=SETS))


def test_lines_of_fasttext(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_text("__label__a __label__b good film\nbad __label__b one\n")
    rows = read(path, multilabel=True)
    assert rows.label_sets == [("a", "b"), ("b",)] and rows.texts == ["good film", "bad  one"]
    path.write_text("__label__a good film\nbad __label__b one\n")
    assert read(path, multilabel=True).labels == ["a", "b"]


def test_who_wants_one_label_is_told_of_several(written, tmp_path):
    path, options = written
    if options.get("multilabel"):
        with pytest.raises(DataError, match="label"):
            read(path)
    (tmp_path / "rows.txt").write_text("__label__a __label__b good film\n")
    with pytest.raises(DataError, match="line 1: has 2 labels, expected exactly one"):
        read(tmp_path / "rows.txt")


def test_a_label_stands_once_and_needs_no_list(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "x", "label": ["b", "a", "b", 1]}\n{"text": "y", "label": "a"}\n')
    assert read(path, multilabel=True).label_sets == [("b", "a", "1"), ("a",)]


sets = st.lists(st.lists(st.sampled_from("abc"), unique=True), min_size=1, max_size=5)


@given(sets, st.randoms())
def test_the_fingerprint_does_not_see_the_order_of_labels(rows, random):
    texts = ["x"] * len(rows)
    shuffled = [tuple(random.sample(labels, len(labels))) for labels in rows]
    same = Dataset(texts, None, "", label_sets=shuffled)
    first = Dataset(texts, None, "", label_sets=[tuple(labels) for labels in rows])
    assert fingerprint(first) == fingerprint(same)
    more = [(*rows[0], "d"), *map(tuple, rows[1:])]
    assert fingerprint(first) != fingerprint(Dataset(texts, None, "", label_sets=more))


@pytest.mark.parametrize(
    "value, message",
    [
        ("null", r"line 2, column 'labels': one of the labels is missing \(null\)"),
        ('["a", null]', r"one of the labels is missing \(null\)"),
        ('["a", " "]', r"one of the labels is ' ' \(str\), expected a string that is not empty"),
        ('["a", 0.5]', "one of the labels is 0.5"),
        ('["a", ["b"]]', "one of the labels is .'b'. .list."),
        ('["\\ud800"]', "half of a surrogate pair"),
    ],
)
def test_what_is_no_label_in_a_list(tmp_path, value, message):
    path = tmp_path / "rows.jsonl"
    rows = '{"text": "x", "labels": ["a"]}\n{"text": "y", "labels": ' + value + "}\n"
    path.write_text(rows)
    with pytest.raises(DataError, match=message):
        read(path, multilabel=True)


@pytest.mark.parametrize(
    "name, content, separator, message",
    [
        ("a.csv", "text,label\nx,a||b\n", "|", "line 2, column 'label': one of the labels is ''"),
        ("a.csv", "text,label\nx,a\n", " ", "the label separator is ' ', expected a character"),
        ("a.csv", "text,label\nx,a\n", "", "the label separator is '', expected a character"),
        ("a.txt", "__label__a x\n", "|", "no cells for a label separator to divide"),
        ("a.jsonl", '{"text": "x", "label": ["a"]}\n', "|", "the labels are a list, so '|' does"),
    ],
)
def test_separators_that_do_not_fit(tmp_path, name, content, separator, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message.replace("|", r"\|")):
        read(tmp_path / name, label_separator=separator)


def test_a_folder_has_no_cells(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(DataError, match="has no cells for a label separator"):
        read(tmp_path, label_separator="|")


@pytest.mark.parametrize(
    "sets, message",
    [([(), ()], "no row has a label"), ([("a",), ()], "there is no label but 'a'")],
)
def test_too_few_labels(sets, message):
    with pytest.raises(DataError, match=message):
        check_label_sets(Dataset(["x", "y"], None, "rows.csv", label_sets=sets))
