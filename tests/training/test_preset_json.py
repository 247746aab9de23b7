"""Recipes as JSON: there and back, and what is refused."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

import pytest

from bothways.errors import ArgumentError
from bothways.training import PRESETS, Preset, for_texts, parse_preset, preset, preset_json


@pytest.mark.parametrize("name", PRESETS)
def test_there_and_back(name, tmp_path):
    recipe = replace(preset(name), name="mine", learning_rate=0.0123, max_tokens=None)
    assert parse_preset(preset_json(recipe).encode()) == recipe
    path = tmp_path / "mine.json"
    path.write_text(preset_json(recipe))
    assert preset(str(path)) == recipe


def test_what_is_not_there_has_its_default():
    assert parse_preset(b'{"name": "n"}').standardize == "lower_and_strip_punctuation"
    assert parse_preset(b'{"name": "n", "standardize": null}').standardize is None
    assert parse_preset(b'{"name": "n", "epochs": 3}') == Preset("n", epochs=3)
    assert type(parse_preset(b'{"name": "n", "learning_rate": 1}').learning_rate) is float


def test_none_or_nothing_to_look_ahead_at():
    for value in (None, 0, 5):
        recipe = replace(preset("fast"), lookahead=value)
        assert parse_preset(preset_json(recipe).encode()).lookahead == value


@pytest.mark.parametrize("name", [field.name for field in fields(Preset)])
def test_every_field_refuses_what_it_cannot_be(name):
    for wrong in ([], {}, -1):
        with pytest.raises(ArgumentError, match=rf"^f.json: {name} is .*, expected "):
            parse_preset(json.dumps({**asdict(preset("fast")), name: wrong}).encode(), "f.json")


@pytest.mark.parametrize(
    "text, sentence",
    [
        ('{"name": "n", "hiden_size": 3}', "x: 'hiden_size' is no field of a preset, expected "),
        ('{"epochs": 3}', "x: the field 'name' is missing"),
        ('{"name": "n", "epochs": 0}', "x: epochs is 0, expected a whole number from 1"),
        ('{"name": "n", "epochs": true}', "x: epochs is true, expected a whole number from 1"),
        ('{"name": "n", "dropout": 1}', "x: dropout is 1, expected a number from 0 to below 1"),
        (
            '{"name": "n", "standardize": "split"}',
            'x: standardize is "split", expected one of "lower_and_strip_punctuation", '
            '"lower_and_split_at_punctuation", "lower", "strip_punctuation", null',
        ),
        ('{"name": "n", "mask": 1}', "x: mask is 1, expected true or false"),
        ('{"name": "n", "pooling": "sum"}', 'x: pooling is "sum", expected one of "last"'),
        ('{"name": "n", "learning_rate": NaN}', "x: it holds NaN, which is not JSON"),
        ('{"name": "n"', "x: it is not JSON at line 1, column 13"),
        ('{"name": "n", "name": "m"}', "x: the key 'name' is there twice"),
        ("[]", "x: it holds a list, expected an object"),
    ],
)
def test_refusals(text, sentence):
    with pytest.raises(ArgumentError) as error:
        parse_preset(text.encode(), "x")
    assert str(error.value).startswith(sentence)


def test_a_name_or_file_that_is_not_there(tmp_path):
    with pytest.raises(ArgumentError, match="no preset 'slow': choose from classic, fast"):
        preset("slow")
    with pytest.raises(ArgumentError, match=r"a\.json: cannot be read \(No such file"):
        preset(str(tmp_path / "a.json"))


MANY = 10**9  # tokens


def test_few_texts_are_read_more_often():
    recipe = Preset("some", batch_size=32, epochs=4, least_steps=2_500, few_adversarial=0.3)
    usual = replace(recipe, least_steps=0, few_adversarial=0.0)
    assert for_texts(recipe, 20_000, MANY) == usual
    assert for_texts(recipe, 16_000, MANY) == replace(usual, epochs=5)
    assert for_texts(recipe, 5_344, MANY) == replace(usual, epochs=15)  # 167 steps each
    few = for_texts(recipe, 4_362, MANY)
    assert few == replace(usual, epochs=19, adversarial=0.3)  # 137 steps each
    assert for_texts(replace(recipe, adversarial=0.1), 4_362, MANY).adversarial == 0.1
    told = replace(recipe, word_vectors="learned")
    assert for_texts(told, 5_344, MANY).word_vectors == "learned"
    assert for_texts(told, 4_362, MANY).word_vectors == "unsupervised"
    assert for_texts(few, 4_362, MANY) == few
    assert for_texts(recipe, 1, MANY).epochs == 40
    assert for_texts(Preset("other", epochs=3), 10, MANY).epochs == 3


def test_short_texts_are_read_twice():
    recipe = Preset("some", epochs=4, few_adversarial=0.3, word_vectors="learned")
    usual = replace(recipe, few_adversarial=0.0)
    assert for_texts(recipe, 20_000, 1_000_001) == usual
    assert for_texts(recipe, 20_000, 1_000_000) == replace(usual, adversarial=0.3)
    more = replace(recipe, least_steps=5_000)  # eight passes
    assert for_texts(more, 20_000, 500_001).adversarial == 0
    assert for_texts(more, 20_000, 500_000).adversarial == 0.3
    assert for_texts(replace(recipe, few_adversarial=0.0), 20_000, 10).adversarial == 0
