"""score_table: every row in, every row out, with what the model says beside it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import bothways
from bothways.errors import ArgumentError, DataError
from bothways.scoring import score_table

TEXTS = ["good film", "", "a bad book", "the very good", "not"]


@pytest.fixture(scope="module")
def model(tiny_model):
    return bothways.load(tiny_model)


def test_answers_are_those_of_predict(model):
    table = pa.table({"id": [7, 8, 9, 10, 11], "text": TEXTS}, metadata={"made": "by hand"})
    scored = score_table(model, table)
    assert scored.select(["id", "text"]).equals(table, check_metadata=True)
    assert scored["label"].to_pylist() == model.predict(TEXTS)
    best = model.predict_proba(TEXTS).max(axis=1)
    assert np.array_equal(scored["probability"].to_numpy(), best)
    assert scored["model"].to_pylist() == [model.fingerprint] * 5
    assert scored["error"].null_count == 5
    types = [scored.schema.field(name).type for name in ("label", "probability", "model", "error")]
    assert types == [pa.string(), pa.float32(), pa.string(), pa.string()]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS, pa.string_view()),
        pa.array(TEXTS).dictionary_encode(),
        pa.chunked_array([TEXTS[:2], [], TEXTS[2:]], pa.string()),
        pa.array(["before", *TEXTS, "after"])[1:-1],
    ],
    ids=lambda column: str(column.type)[:12],
)
def test_any_layout_of_strings(model, column):
    table = pa.table({"text": column})
    scored = score_table(model, table, threads=2)
    assert scored["text"].equals(table["text"])
    assert scored["label"].to_pylist() == model.predict(TEXTS)


def test_a_bad_row_is_kept_with_its_error(model):
    offsets = pa.py_buffer(np.array([0, 4, 6, 6, 9], np.int32).tobytes())
    valid = pa.py_buffer(bytes([0b1011]))
    texts = pa.Array.from_buffers(pa.string(), 4, [valid, offsets, pa.py_buffer(b"gooda\xffbad")])
    scored = score_table(model, pa.table({"text": texts}))
    assert scored["text"].chunk(0).buffers()[2].to_pybytes() == b"gooda\xffbad"
    good, bad = model.predict(["good", "bad"])
    assert scored["label"].to_pylist() == [good, None, None, bad]
    assert scored["probability"].is_null().to_pylist() == [False, True, True, False]
    assert scored["error"].to_pylist() == [
        None,
        "the text is not UTF-8 (byte 2 of it)",
        "the text is missing (null), expected a string",
        None,
    ]


@pytest.mark.parametrize("column", [pa.nulls(3), pa.array([None] * 3, pa.string())])
def test_no_text_at_all(model, column):
    scored = score_table(model, pa.table({"text": column}))
    assert scored["label"].null_count == scored["probability"].null_count == 3
    assert scored["error"].null_count == 0
    assert scored.schema.field("label").type == pa.string()


def test_an_empty_table_has_the_same_types(model):
    table = pa.table({"text": pa.array([], pa.string()), "n": pa.array([], pa.int8())})
    empty = score_table(model, table)
    assert len(empty) == 0
    assert (
        empty.schema
        == score_table(model, pa.table({"text": ["a"], "n": pa.array([1], pa.int8())})).schema
    )


def test_chunks_do_not_matter(model):
    texts = [f"good {'film ' * (n % 7)}{n}" for n in range(20_000)]
    whole = score_table(model, pa.table({"text": texts}))
    cut = pa.chunked_array([texts[:3], texts[3:9000], texts[9000:]])
    assert score_table(model, pa.table({"text": cut})).to_pydict() == whole.to_pydict()


def test_names_that_are_taken(model):
    table = pa.table({"text": ["good"], "error": [1]})
    scored = score_table(model, table)
    assert scored.column_names == [
        *("text", "error", "predicted_label", "predicted_probability"),
        *("predicted_model", "predicted_error"),
    ]
    assert score_table(model, table, prefix="p.").column_names[2] == "p.label"
    for again, prefix, name in ((scored, None, "predicted_label"), (table, "", "error")):
        with pytest.raises(DataError, match=f"has '{name}'.* already.*--prefix NAME"):
            score_table(model, again, prefix=prefix)


def test_what_is_refused(model):
    with pytest.raises(DataError, match="the table, column 'text': holds int64, expected strings"):
        score_table(model, pa.table({"text": [1]}))
    with pytest.raises(DataError, match="there is no text column 'body'; the columns are 'text'"):
        score_table(model, pa.table({"text": ["a"]}), text="body")
    with pytest.raises(DataError, match="no column is obviously the text"):
        score_table(model, pa.table({"a": ["x"], "b": ["y"]}))
    with pytest.raises(ArgumentError, match="from 0 to 1, got 3"):
        score_table(model, pa.table({"text": ["a"]}), reject_below=3)


def test_unsure_has_a_probability_and_no_label(model):
    p = model.predict_proba(TEXTS).max(axis=1)
    limit = float(np.sort(p)[2])
    scored = score_table(model, pa.table({"text": TEXTS}), reject_below=limit)
    assert scored["label"].is_null().to_pylist() == (p.astype(float) < limit).tolist()
    assert np.array_equal(scored["probability"].to_numpy(), p)
    assert scored["error"].null_count == len(TEXTS)


def test_several_labels_are_lists(several_model):
    texts = ["a red film", "film", "old red"]
    scored = score_table(several_model, pa.table({"text": [*texts, None]}))
    assert scored.schema.field("label").type == pa.list_(pa.string())
    assert scored.schema.field("probability").type == pa.list_(pa.float32())
    names = several_model.predict(texts)
    assert {len(found) for found in names} == {0, 1, 2}
    assert [sorted(row) for row in scored["label"].to_pylist()[:3]] == [sorted(n) for n in names]
    assert scored["label"].to_pylist()[3] is None
    p = dict(zip(several_model.labels, several_model.predict_proba(texts)[2].tolist(), strict=True))
    row = scored.to_pylist()[2]
    assert row["probability"] == [p[name] for name in row["label"]]
    assert row["probability"] == sorted(row["probability"], reverse=True)
    with pytest.raises(ArgumentError, match="several labels"):
        score_table(several_model, pa.table({"text": texts}), reject_below=0.5)


def test_fingerprint_is_of_the_folder(tiny_model, tiny_classifier, tmp_path):
    model = bothways.load(tiny_model)
    assert bothways.load(tiny_model, precision="bf16").fingerprint == model.fingerprint
    digest = (tiny_model / "spec.json").read_bytes().split(b'"')[3].decode()
    assert model.fingerprint == digest[:16]
    unsaved = tiny_classifier.model_
    assert unsaved.fingerprint is None
    assert score_table(unsaved, pa.table({"text": ["a"]}))["model"].to_pylist() == [None]
