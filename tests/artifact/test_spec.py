"""A spec is right or it is refused, naming the field."""

import dataclasses

import numpy as np
import pytest

from bothways.errors import ArtifactError


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"task": "tagging"}, "task is 'tagging', expected one of 'classification', 'multilabel'"),
        ({"task": "multilabel"}, "network.multilabel is False, expected true, for the task"),
        ({"multilabel": True}, "network.multilabel is True, expected false, for the task"),
        ({"multilabel": 1}, "network.multilabel is 1, expected true or false"),
        ({"task": "multilabel", "multilabel": True}, "outputs is 1, expected 2, for 2 labels"),
        ({"storage": "int4"}, "storage is 'int4', expected one of 'f32', 'int8'"),
        ({"temperature": 0}, "temperature is 0, expected a number above 0"),
        ({"temperature": float("inf")}, "temperature is inf, expected a number above 0"),
        ({"temperature": True}, "temperature is True, expected a number above 0"),
        (
            {"thresholds": {"maybe": 0.5}},
            "key of thresholds is 'maybe', expected one of",
        ),
        ({"thresholds": {"pos": 0}}, "thresholds.pos is 0, expected a number above 0"),
        ({"thresholds": {"pos": 1.5}}, "thresholds.pos is 1.5, expected a number above 0 and at"),
        ({"thresholds": {"pos": 0.5, "neg": 0.5}}, "expected at most 1, for the task"),
        ({"thresholds": [0.5]}, "thresholds is .0.5., expected an object"),
        ({"labels": ("a",)}, "labels is .'a'., expected two or more"),
        ({"labels": ("a", "a")}, "labels.1. is 'a', expected no string twice"),
        ({"labels": "ab"}, "labels is 'ab', expected a list of strings"),
        ({"labels": ("a", 1)}, "labels.1. is 1, expected a string"),
        ({"labels": ("a", "b", "c")}, "network.outputs is 1, expected 3, for 3 labels"),
        ({"outputs": 3}, "network.outputs is 3, expected 1 or 2, for 2 labels"),
        ({"max_tokens": 1}, "vectorizer.max_tokens is 1"),
        ({"max_tokens": 4}, "vectorizer.max_tokens is 4, expected at least 5"),
        ({"max_tokens": 2**31}, "vectorizer.max_tokens is 2147483648"),
        ({"max_tokens": True}, "vectorizer.max_tokens is True"),
        ({"max_tokens": 10.0}, "vectorizer.max_tokens is 10.0"),
        ({"standardize": "upper"}, "vectorizer.standardize is 'upper', expected one of"),
        ({"split": None}, "vectorizer.split is None"),
        ({"output_sequence_length": 0}, "vectorizer.output_sequence_length is 0"),
        ({"unicode": 1}, "vectorizer.unicode is 1, expected true or false"),
        ({"vocabulary": ("", "good")}, "vectorizer.vocabulary is .'', 'good'., expected ''"),
        ({"vocabulary": ("", "[UNK]", "a", "a")}, "vectorizer.vocabulary.3. is 'a'"),
        ({"vocabulary": ("", "[UNK]", "\ud800")}, "vectorizer.vocabulary.2. .*surrogate"),
        ({"embedding_dim": 0}, "network.embedding_dim is 0"),
        ({"hidden_size": 10**9}, "network.hidden_size is 1000000000"),
        ({"bidirectional": "yes"}, "network.bidirectional is 'yes'"),
        ({"merge": "add"}, "network.merge is 'add'"),
        ({"pooling": ["last"]}, "network.pooling is .'last'."),
        ({"dropout": 1.0}, "network.dropout is 1.0, expected a number from 0 to below 1"),
        ({"dropout": float("nan")}, "network.dropout is nan"),
        ({"mask": False, "output_sequence_length": None}, "expects vectorizer.output_sequence"),
        ({"training": []}, "training is .., expected an object"),
        ({"training": {"a": [1, {2}]}}, r"training.a\[1\] is .2., expected what JSON holds"),
        ({"quality": {"a": float("nan")}}, "quality.a is nan"),
        ({"quality": {"a": 2**63}}, "quality.a is 9223372036854775808"),
        ({"quality": {1: 2}}, "a key of quality is 1, expected a string"),
        ({"bothways_version": None}, "bothways_version is None"),
        ({"layers": 0}, "network.layers is 0, expected a whole number from 1"),
        ({"layers": 101}, "network.layers is 101"),
        ({"input_dropout": 1.0}, "network.input_dropout is 1.0, expected a number from 0"),
        ({"layer_dropout": -0.1, "layers": 2}, "network.layer_dropout is -0.1"),
        ({"layer_dropout": 0.1}, "network.layer_dropout is 0.1, expected 0 with one layer"),
    ],
)
def test_wrong_fields_are_named(make_spec, changes, expected):
    with pytest.raises(ArtifactError, match=expected):
        make_spec(**changes)


def test_facts_that_refer_to_themselves_are_refused(make_spec):
    loop: dict = {}
    loop["again"] = loop
    with pytest.raises(ArtifactError, match="nested deeper than 20 levels"):
        make_spec(training=loop)


def test_facts_are_copied_as_json_holds_them(make_spec):
    rows = [1, 2]
    spec = make_spec(training={"rows": rows, "rate": np.float32(0.5), "shape": (1, 2)})
    rows.append(3)
    assert spec.training == {"rows": [1, 2], "rate": 0.5, "shape": [1, 2]}


def test_the_version_is_filled_in(spec):
    import bothways

    fresh = dataclasses.replace(
        spec,
        bothways_version=type(spec)(
            "classification", ("a", "b"), spec.vectorizer, spec.network
        ).bothways_version,
    )
    assert fresh.bothways_version == bothways.__version__


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
def test_the_tensors_a_network_needs(make_spec, bidirectional, merge):
    network = make_spec(bidirectional=bidirectional, merge=merge, outputs=2).network
    both = 2 if bidirectional else 1
    assert network.tensor_shapes(7) == {
        "embedding.weight": (7, 3),
        "lstm.kernel": (3, both * 8),
        "lstm.recurrent_kernel": (both, 2, 8),
        "lstm.bias": (both * 8,),
        "dense.kernel": (4 if bidirectional and merge == "concat" else 2, 2),
        "dense.bias": (2,),
    }


def test_the_tensors_of_layers_above_the_first(make_spec):
    """The first keeps the names that it has alone."""
    network = make_spec(layers=3, merge="sum").network
    shapes = network.tensor_shapes(7)
    assert list(shapes)[:4] == [
        *("embedding.weight", "lstm.kernel", "lstm.recurrent_kernel", "lstm.bias"),
    ]
    for k in (1, 2):
        assert shapes[f"lstm.{k}.kernel"] == (4, 16)  # both directions side by side
        assert shapes[f"lstm.{k}.recurrent_kernel"] == (2, 2, 8)
        assert shapes[f"lstm.{k}.bias"] == (16,)
    assert shapes["dense.kernel"] == (2, 1)
    assert len(shapes) == 3 * 3 + 3


@pytest.mark.parametrize(
    "changes, version",
    [
        ({}, 1),
        ({"embedding_dropout": 0.5, "mask": False}, 1),
        ({"layers": 2}, 2),
        ({"input_dropout": 0.1}, 2),
        ({"layers": 2, "layer_dropout": 0.1}, 2),
        ({"storage": "int8"}, 3),
        ({"truncate": "middle"}, 3),
        ({"standardize": "lower_and_split_at_punctuation"}, 3),
        ({"standardize": None}, 1),
        ({"temperature": 1.5}, 3),
        ({"thresholds": {"pos": 0.25}}, 3),
        ({"task": "multilabel", "multilabel": True, "outputs": 2}, 3),
    ],
)
def test_the_format_is_the_oldest_that_can_hold_the_model(make_spec, changes, version):
    assert make_spec(**changes).format_version == version
