"""Every bad input is one sentence that says what is wrong, and where."""

import os
import socket

import pytest

from bothways.data import Dataset, check_labels, read
from bothways.errors import DataError

# file name, its bytes, options of read, what the sentence must hold
CASES = {
    "empty": ("a.csv", b"", {}, ["is empty"]),
    "only a mark": ("a.csv", b"\xef\xbb\xbf\n", {}, ["is empty"]),
    "header only": ("a.csv", b"text,label\n", {}, ["has a header but no rows"]),
    "suffix": ("a.xlsx", b"PK", {}, ["'.xlsx'", ".csv, .tsv, .jsonl", ".parquet", "folder"]),
    "no suffix": ("a", b"x", {}, ["no suffix", ".csv"]),
    "missing column": (
        *("a.csv", b"text,stars\na,1\n", {"label": "label"}),
        ["no label column 'label'", "'text', 'stars'"],
    ),
    "no text": ("a.csv", b"x,y,z\n1,2,3\n", {}, ["obviously the text", "'x', 'y', 'z'", "text="]),
    "no label": ("a.csv", b"text,y,z\n1,2,3\n", {}, ["obviously the label", "--label"]),
    "two texts": ("a.csv", b"body,review,label\n1,2,3\n", {}, ["obviously the text"]),
    "doubled": ("a.csv", b"text,label,text\n1,2,3\n", {}, ["column 'text' is there twice"]),
    "both": ("a.csv", b"text,b\n1,2\n", {"text": "b", "label": "b"}, ["as both"]),
    "few fields": ("a.csv", b"text,label\na,x\nb\n", {}, ["line 3: has 1 field,", "has 2"]),
    "many fields": ("a.csv", b"text,label\na,b,x\n", {}, ["line 2: has 3 fields", "quotes"]),
    "ragged tsv": ("a.tsv", b"text\tlabel\na\tb\tx\n", {}, ["line 2: has 3 fields", "a tab"]),
    "open quote": ("a.csv", b'text,label\na,x\n"b,x\nc,y\n', {}, ["line 3", "never closed"]),
    "quote goes on": ("a.csv", b'text,label\n"a" b,x\n', {}, ["line 2", "closing quote"]),
    "semicolons": ("a.csv", b"text;label\na;x\n", {}, ["line 1", "';'", "expected commas"]),
    "nul": ("a.csv", b"text,label\na\0,x\n", {}, ["line 2 (byte 12)", "NUL"]),
    "latin-1": (
        "a.csv",
        b"text,label\ncaf\xe9,x\n",
        {},
        ["line 2 (byte 14)", "not UTF-8", "iconv"],
    ),
    "latin-1 tsv": ("a.tsv", b"text\tlabel\n\xe9\tx\n", {}, ["line 2", "not UTF-8"]),
    "utf-16": ("a.csv", "text,label\na,x\n".encode("utf-16"), {}, ["UTF-16", "save it as UTF-8"]),
    "blank labels": (
        *("a.csv", b"text,label\n" + b"a,x\n" + b"b, \n" * 7, {}),
        ["column 'label'", "7 of 8 rows have no label", "lines 3, 4, 5, 6, 7 and 2 more"],
    ),
    "asked for": (
        *("a.csv", b"text,label\na,x\nb,\n", {"label": "label", "need_labels": False}),
        ["1 of 2 rows has no label: line 3"],
    ),
    "broken json": ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": \n', {}, ["line 2, column"]),
    "trailing comma": ("a.jsonl", b'{"text": "a", "label": 1,}\n', {}, ["line 1", "not JSON"]),
    "json list": ("a.jsonl", b'["a", 1]\n', {}, ["line 1: is a list", "expected an object"]),
    "json string": ("a.jsonl", b'"a"\n', {}, ["line 1: is a str"]),
    "deep": ("a.jsonl", b"[" * 100_000, {}, ["line 1: is not JSON"]),
    "huge integer": ("a.jsonl", b'{"text": "a", "label": ' + b"9" * 5_000 + b"}", {}, ["line 1"]),
    "half a pair": ("a.jsonl", b'{"text": "\\ud800", "label": 1}', {}, ["line 1", "surrogate"]),
    "json latin-1": ("a.jsonl", b'{"text": "\xe9", "label": 1}', {}, ["line 1", "not UTF-8"]),
    "text null": ("a.jsonl", b'{"text":"a","label":1}\n{"text":null,"label":1}', {}, ["line 2,"]),
    "text number": (
        *("a.jsonl", b'{"text": "a", "label": 1}\n\n{"text": 5, "label": 1}', {}),
        ["line 3, column 'text'", "5 (int)", "expected a string"],
    ),
    "text absent": ("a.jsonl", b'{"text":"a","label":1}\n{"label":1}', {}, ["line 2", "no 'text'"]),
    "label absent": ("a.jsonl", b'{"text":"a","label":1}\n{"text":"b"}', {}, ["1 of 2 rows has"]),
    "label list": ("a.jsonl", b'{"text": "a", "label": ["x"]}', {}, ["line 1", "['x'] (list)"]),
    "label fraction": ("a.jsonl", b'{"text": "a", "label": 0.5}', {}, ["line 1", "0.5 (float)"]),
    "label nan": ("a.jsonl", b'{"text": "a", "label": NaN}', {}, ["1 of 1 rows has no label"]),
    "not parquet": ("a.parquet", b"text,label\na,x\n" * 9, {}, ["not a whole Parquet file"]),
    "empty parquet": ("a.parquet", b"", {}, ["not a whole Parquet file"]),
    "magic only": ("a.parquet", b"PAR1" + b"\0" * 40 + b"PAR1", {}, ["not a whole Parquet file"]),
    "no fasttext label": ("a.txt", b"__label__a x\ny\n", {}, ["line 2: has no label", "__label__"]),
    "two labels": ("a.ft", b"__label__a __label__b x\n", {}, ["line 1: has 2 labels", "one"]),
    "blank fasttext": ("a.txt", b"__label__ x\n", {}, ["1 of 1 rows has no label: line 1"]),
    "no columns": ("a.txt", b"__label__a x\n", {"text": "t"}, ["no columns to choose"]),
}


def refused(path, **options) -> str:
    """The sentence with which `read` refuses: one line, no traceback behind it."""
    with pytest.raises(DataError) as caught:
        read(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


@pytest.mark.parametrize("case", CASES)
def test_one_clear_sentence(tmp_path, case):
    name, content, options, expected = CASES[case]
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    (tmp_path / name).write_bytes(content)
    message = refused(tmp_path / name, **options)
    assert message.startswith(str(tmp_path / name))
    for part in expected:
        assert part in message


def test_nothing_there(tmp_path):
    assert "no such file" in refused(tmp_path / "a.csv")
    assert "no such file" in refused(tmp_path / "a")
    assert "no such file" in refused("a\0.csv")


def test_a_name_with_a_line_break_is_still_one_line(tmp_path):
    (tmp_path / "a\nb.csv").write_text("")
    assert "a\\nb.csv: is empty" in refused(tmp_path / "a\nb.csv")


def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    assert "is a pipe" in refused(tmp_path / "a.csv")
    (tmp_path / "all" / "x").mkdir(parents=True)
    os.mkfifo(tmp_path / "all" / "x" / "1.txt")
    assert "x/1.txt: is a pipe" in refused(tmp_path / "all")


def test_other_things_that_are_not_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's name has a short limit
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.csv")
        assert "a.csv: cannot be opened" in refused("a.csv")
    (tmp_path / "b.csv").symlink_to("/dev/zero")
    assert "is a device" in refused("b.csv")
    (tmp_path / "c.csv").symlink_to("c.csv")
    assert "c.csv" in refused("c.csv")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"loose.md": b"a"}, "folder without subfolders"),
        ({"pos/": b"", "neg/1.txt": b"a"}, "pos: a label's folder without texts"),
        ({"train/pos/1.txt": b"a"}, "pos: is a folder within a label's folder"),
        ({"pos/1.txt": b"a\0b"}, "1.txt, line 1 (byte 1): holds a NUL byte"),
        ({"pos/1.txt": b"ok\n\xff"}, "1.txt, line 2 (byte 3): is not UTF-8"),
    ],
)
def test_folders(tmp_path, files, expected):
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_bytes(content)
    assert expected in refused(tmp_path)
    assert "no columns" in refused(tmp_path, text="text")


def test_folder_names(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert "without subfolders" in refused(tmp_path)
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    assert "caf\\udce9: the name is not UTF-8" in refused(tmp_path)


def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("permission bits do not hold this user back")
    assert "Permission denied" in refused(path)


def test_a_file_that_vanishes(tmp_path, monkeypatch):
    (tmp_path / "pos").mkdir()
    (tmp_path / "pos" / "2.txt").write_text("a")
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: ["1.txt", *listdir(path)])
    (tmp_path / "1.txt").write_text("beside")
    assert "1.txt: no such file" in refused(tmp_path)


def test_parquet_that_is_not_whole(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    texts = [f"text number {n}" for n in range(500)]
    pq.write_table(pa.table({"text": texts, "label": ["x", "y"] * 250}), path)
    whole = path.read_bytes()
    for part in range(32):
        path.write_bytes(whole[: len(whole) * part // 32])
        assert "not a whole Parquet file" in refused(path)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"text": ["a", None], "label": ["x", "y"]}, "row 2, column 'text': the text is missing"),
        ({"text": ["a", "b"], "label": ["x", None]}, "1 of 2 rows has no label: row 2"),
        ({"text": [1, 2], "label": ["x", "y"]}, "column 'text': holds int64, expected strings"),
        ({"text": [b"a", b"b"], "label": [1, 2]}, "column 'text': holds binary"),
        ({"text": ["a", "b"], "label": [["x"], ["y"]]}, "column 'label': holds list<"),
        ({"text": ["a", "b"], "label": [0.5, 1.0]}, "row 1, column 'label': the label is 0.5"),
        ({"a": ["a", "b"], "b": ["c", "d"], "c": [1, 2]}, "the columns are 'a', 'b', 'c'"),
        ({"text": [], "label": []}, "holds no rows"),
    ],
)
def test_parquet_columns(tmp_path, columns, expected):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert expected in refused(tmp_path / "a.parquet")


def test_labels_that_cannot_be_learned():
    assert check_labels(["b", "a", "b"]) == ("a", "b")
    with pytest.raises(DataError, match=r"a\.csv: all 2 rows have the same label 'x'"):
        check_labels(["x", "x"], "a.csv")
    with pytest.raises(DataError, match="there are no labels"):
        check_labels(None)
    with pytest.raises(DataError, match="there are no rows"):
        check_labels([])


def test_a_dataset_holds_together():
    data = Dataset(["a", "b", "c"], ["x", "y", "x"], "here")
    assert data.take([2, 0]).labels == ["x", "x"]
    assert data.take([2]).place(0) == "here, row 3"
    assert len(data.take([])) == 0
    with pytest.raises(DataError, match="here: got 1 labels for 2 texts"):
        Dataset(["a", "b"], ["x"], "here")
