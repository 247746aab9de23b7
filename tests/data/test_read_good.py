"""Files as people have them: what is written is what is read."""

import csv
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bothways.data import read

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
# NUL is refused (a CSV with NUL bytes is a binary file), surrogates have no UTF-8.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
LABELS = st.sampled_from(["pos", "neg", "NA", "nan", "0", "ja, nein", 'the "best"', "été"])
ROWS = st.lists(st.tuples(TEXTS, LABELS), min_size=1, max_size=8)
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@same_folder
@given(
    ROWS,
    st.sampled_from([("csv", ","), ("tsv", "\t")]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    # Python before 3.13 leaves a lone CR unquoted where lines end otherwise: two rows to anyone.
    st.sampled_from(
        [("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_NONNUMERIC)]
    ),
)
def test_a_table_written_is_the_table_read(tmp_path, rows, kind, encoding, end):
    (suffix, delimiter), (end, quoting) = kind, end
    path = tmp_path / f"rows.{suffix}"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
        writer.writerows([("label", "id", "text"), *((label, 1, text) for text, label in rows)])
    data = read(path)
    assert list(zip(data.texts, data.labels, strict=True)) == rows
    assert len(data) == len(rows)


@same_folder
@given(ROWS, st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_json_lines_written_are_the_lines_read(tmp_path, rows, ascii_only, end):
    path = tmp_path / "rows.jsonl"
    lines = [
        json.dumps({"text": text, "label": label, "n": 1}, ensure_ascii=ascii_only) + end
        for text, label in rows
    ]
    path.write_bytes("".join(lines).encode())
    data = read(path)
    assert list(zip(data.texts, data.labels, strict=True)) == rows


@same_folder
@given(ROWS, st.sampled_from(["string", "large_string", "dictionary"]))
def test_parquet_written_is_parquet_read(tmp_path, rows, kind):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    plain = pa.large_string() if kind == "large_string" else pa.string()
    texts = pa.array([text for text, _ in rows], plain)
    labels = pa.array([label for _, label in rows], plain)
    if kind == "dictionary":
        texts, labels = texts.dictionary_encode(), labels.dictionary_encode()
    pq.write_table(pa.table({"text": texts, "label": labels}), tmp_path / "rows.parquet")
    data = read(tmp_path / "rows.parquet")
    assert list(zip(data.texts, data.labels, strict=True)) == rows


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 0], ["1", "0"]),
        ([True, False], ["True", "False"]),
        ([1.0, 2.0], ["1", "2"]),
        (["NA", " x"], ["NA", " x"]),
    ],
)
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_labels_become_strings(tmp_path, values, expected, suffix):
    path = tmp_path / f"rows.{suffix}"
    if suffix == "jsonl":
        path.write_text("".join(json.dumps({"text": "a", "label": v}) + "\n" for v in values))
    else:
        pa = pytest.importorskip("pyarrow")
        pq = pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table({"text": ["a", "b"], "label": values}), path)
    assert read(path).labels == expected


def test_json_keys_may_come_in_any_order(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "label": "x"}\n{"id": 1, "label": "y", "text": "b"}\n')
    assert read(path).labels == ["x", "y"]


def test_a_folder_has_one_subfolder_a_label(tmp_path):
    for name, text in [("pos/2.txt", "zwei"), ("pos/10", "zehn"), ("neg/a.TXT", "\ufeffeins\n")]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "pos" / ".DS_Store").write_bytes(b"\0\1")
    (tmp_path / ".git").mkdir()
    (tmp_path / "README").write_text("beside the labels")
    data = read(tmp_path)
    assert data.texts == ["eins\n", "zehn", "zwei"]
    assert data.labels == ["neg", "pos", "pos"]
    assert data.place(2).endswith(f"file {os.path.join('pos', '2.txt')}")


def test_fasttext_lines(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_bytes(b"__label__a good film\r\n\n bad __label__b one\nx__label__no __label__a\n")
    data = read(path)
    assert data.texts == ["good film", "bad  one", "x__label__no"]
    assert data.labels == ["a", "b", "a"]
    assert list(data.rows) == [1, 3, 4]


def test_plain_lines_are_texts_when_labels_are_not_needed(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_text("one\n\nthree\n")
    data = read(path, need_labels=False)
    assert data.texts == ["one", "", "three"]
    assert data.labels is None


@pytest.mark.parametrize(
    ("header", "options", "text", "label"),
    [
        ("Review,Sentiment", {}, 0, 1),
        ("class, TEXT ,id", {}, 1, 0),
        ("headline,label", {}, 0, 1),
        ("text,stars", {}, 0, 1),
        ("text,comment,label,target", {}, 0, 2),
        ("a,b,c", {"text": "c", "label": "a"}, 2, 0),
        ("text,body,label", {"text": "body"}, 1, 2),
        ("only", {"need_labels": False}, 0, None),
        ("id,text", {"need_labels": False}, 1, None),
        ("tag,text", {"need_labels": False}, 1, 0),
    ],
)
def test_obvious_columns_are_found(tmp_path, header, options, text, label):
    path = tmp_path / "rows.csv"
    fields = [f"field {n}" for n in range(header.count(",") + 1)]
    path.write_text(f"{header}\n{','.join(fields)}\n")
    data = read(path, **options)
    assert data.texts == [fields[text]]
    assert data.labels == (None if label is None else [fields[label]])


def test_the_only_strings_are_the_text(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"stars": 4, "said": "good"}\n')
    assert (read(path).texts, read(path).labels) == (["good"], ["4"])


def test_labels_nobody_needs_may_be_missing(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\na,x\nb,\n")
    assert read(path, need_labels=False).labels is None


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('text,label\n\n"two\nlines",x\nnext,y\n')
    data = read(path)
    assert list(data.rows) == [3, 5]
    assert data.take([1]).place(0) == f"{path}, line 5"


def test_long_fields_are_read_and_the_limit_is_put_back(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(f'text,label\n"{"word " * 200_000}",x\n')
    before = csv.field_size_limit()
    assert len(read(path).texts[0]) == 1_000_000
    assert csv.field_size_limit() == before


def test_names_that_need_care(tmp_path):
    path = tmp_path / "ein Ordner mit Ümlaut" / "zwei Wörter.csv"
    path.parent.mkdir()
    path.write_text("text,label\na,x\n")
    (tmp_path / "link.csv").symlink_to(path)
    assert read(str(path)).texts == read(tmp_path / "link.csv").texts == ["a"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not there")
def test_real_reviews_by_every_table(tmp_path):
    pytest.importorskip("pyarrow")
    data = read(SHARED / "imdb_train.parquet")
    assert (len(data), sorted(set(data.labels))) == (25_000, ["neg", "pos"])
    assert data.labels.count("pos") == 12_500
    path = tmp_path / "imdb.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(zip(data.texts, data.labels, strict=True))
    again = read(path)
    assert again.texts == data.texts
    assert again.labels == data.labels


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not there")
def test_real_questions():
    pytest.importorskip("pyarrow")
    data = read(SHARED / "trec_train.parquet")
    assert (len(data), len(set(data.labels))) == (5_452, 6)
    assert read(SHARED / "imdb_unsup.parquet", need_labels=False).labels is None
