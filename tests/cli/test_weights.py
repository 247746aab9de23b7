"""train --weight and --class-weight."""

from __future__ import annotations

import json

import pytest
from test_cli import refused, run

from bothways.cli._weights import read_class_weight
from bothways.errors import DataError
from conftest import tiny_corpus


def test_train_with_both(tmp_path):
    texts, labels = tiny_corpus(80)
    rows = "".join(
        f"{t},{x},{n % 3 + 1}\n" for n, (t, x) in enumerate(zip(texts, labels, strict=True))
    )
    (tmp_path / "rows.csv").write_text("text,label,n\n" + rows)
    (tmp_path / "weights.json").write_text('{"pos": 4}')
    options = ("--weight", "n", "--class-weight", tmp_path / "weights.json", "--epochs", "2")
    done = run("train", tmp_path / "rows.csv", "--out", tmp_path / "m", *options, "--json")
    assert done.returncode == 0, done.stderr
    assert "held-out accuracy, weighted as in training, " in done.stderr
    document = json.loads(done.stdout)
    assert document["training"]["class_weight"] == {"neg": 1.0, "pos": 4.0}
    assert document["training"]["sample_weight"] == {"least": 1.0, "most": 3.0}
    card = (tmp_path / "m" / "README.md").read_text()
    assert "| weights of the labels | `neg` 1, `pos` 4 |" in card
    assert "| weights of the texts | 1 to 3 |" in card
    assert "| held-out accuracy, weighted as in training |" in card


def test_a_refusal_leaves_nothing(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\n" + "good,a\nbad,b\n" * 10)
    (tmp_path / "weights.json").write_text('{"c": 4}')
    sentence = refused(
        *("train", tmp_path / "rows.csv", "--out", tmp_path / "m"),
        *("--class-weight", tmp_path / "weights.json"),
    )
    assert "gives a weight to the label 'c', which no text has; the labels are 'a', 'b'" in sentence
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    "content, message",
    [
        ('{"a": 2, "c": 1}', "weight to the label 'c', which no text has; the labels are 'a', 'b'"),
        ('{"a": -2}', "the weight of the label 'a' is -2, expected a number from 0"),
        ('{"a": NaN}', "the weight of the label 'a' is nan"),
        ('{"a": Infinity}', "the weight of the label 'a' is inf"),
        ('{"a": "2"}', "the weight of the label 'a' is '2'"),
        ('{"a": true}', "the weight of the label 'a' is True"),
        ('{"a": 0, "b": 0}', "gives every label the weight 0"),
        ('{"a": 1, "a": 2}', "gives the label 'a' two weights"),
        ("[1, 2]", "holds no object"),
        ("{", "is not JSON"),
        (b"\xff", "is not JSON"),
    ],
)
def test_files_that_hold_no_weights(tmp_path, content, message):
    path = tmp_path / "weights.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message):
        read_class_weight(str(path), ("a", "b"))


def test_a_word_that_is_neither():
    with pytest.raises(
        DataError, match=r"class weight balance: no such file; give a JSON file, or .balanced."
    ):
        read_class_weight("balance", ("a", "b"))
