"""What is taken, what is refused, and in which words."""

from __future__ import annotations

import copy
import json
import pickle
import re
import time

import numpy as np
import pytest

from bothways.errors import ArgumentError, DataError, NotFittedError
from bothways.text import TextVectorizer, Truncation, TruncationWarning
from text import plain

TEXTS = ["A b", "", "c \u00e9, longer than twelve bytes", "b \U0001f600"]


@pytest.fixture
def fitted():
    return TextVectorizer().adapt(TEXTS)


@pytest.mark.parametrize("unicode", [False, True])
@pytest.mark.parametrize(
    "make",
    [tuple, iter, np.array, lambda texts: np.array(texts, object)],
    ids=["tuple", "iterator", "str array", "object array"],
)
def test_any_iterable_of_strings_is_a_batch(make, unicode):
    vectorizer = TextVectorizer(unicode=unicode).adapt(make(TEXTS))
    want = TextVectorizer(unicode=unicode).adapt(TEXTS)
    assert vectorizer.get_vocabulary() == want.get_vocabulary()
    assert (vectorizer.encode(make(TEXTS)).ids.values == want.encode(TEXTS).ids.values).all()


@pytest.mark.parametrize("dtype", ["str", object, "string", "category"])
def test_a_pandas_series_is_a_batch(fitted, dtype):
    pd = pytest.importorskip("pandas")
    series = pd.Series(TEXTS, dtype=dtype)
    assert (fitted.encode(series).ids.values == fitted.encode(TEXTS).ids.values).all()
    with pytest.raises(DataError, match="text 4 is"):
        fitted.encode(pd.Series([*TEXTS, None], dtype=dtype))
    with pytest.raises(ArgumentError, match="DataFrame of 2 dimensions"):
        fitted.encode(series.to_frame())


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("a b", "got one str: put it into a list"),
        (b"a b", "got one bytes: put it into a list"),
        (3, "expected a list of texts, got int"),
        (None, "expected a list of texts, got NoneType"),
        ({"a": 1}, "got dict, whose items have no places"),
        ({"a"}, "got set, whose items have no places"),
        (np.array([["a"]]), "got ndarray of 2 dimensions"),
        (np.array("a"), "got ndarray of 0 dimensions"),
    ],
    ids=repr,
)
def test_what_is_no_column_is_refused(fitted, texts, message):
    for method in (TextVectorizer().adapt, fitted.encode, fitted.transform):
        with pytest.raises(ArgumentError, match=message):
            method(texts)


@pytest.mark.parametrize("unicode", [False, True])
@pytest.mark.parametrize(
    ("item", "kind"), [(None, "NoneType"), (b"x", "bytes"), (1.5, "float"), (["a"], "list")]
)
def test_what_is_no_string_is_named_by_place_and_type(item, kind, unicode):
    vectorizer = TextVectorizer(unicode=unicode, vocabulary=["a"])
    for method in (vectorizer.adapt, vectorizer.encode):
        with pytest.raises(DataError, match=f"text 2 is not a string but {kind}"):
            method(["a", "\u00e9", item, "b"])


@pytest.mark.parametrize("unicode", [False, True])
def test_arrow_columns_that_are_no_texts_are_refused(unicode):
    pa = pytest.importorskip("pyarrow")
    fitted = TextVectorizer(unicode=unicode, vocabulary=["a"])
    with pytest.raises(DataError, match="text 3 is null"):
        fitted.encode(pa.chunked_array([["a", "b"], ["c", None]]))
    with pytest.raises(DataError, match="text 1 is null"):
        fitted.encode(pa.array([None, "a", None, "b"])[1:])
    with pytest.raises(DataError, match='large_string or string_view, got "l"'):
        fitted.encode(pa.array([1, 2]))
    with pytest.raises(DataError, match=r"got a dictionary .* cast it to string"):
        fitted.encode(pa.array(["a", "b"]).dictionary_encode())
    with pytest.raises(ArgumentError, match="got Table"):
        fitted.encode(pa.table({"text": ["a"]}))


# Overlong, surrogate, above U+10FFFF, a lead without its rest, a rest without its lead.
BROKEN = [b"\xc0\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80"]
BROKEN += [
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\x80",
    b"\xc3(",
    b"\xe2\x82(",
    b"\xff",
    b"\xc1a",
]


@pytest.mark.parametrize("unicode", [False, True])
@pytest.mark.parametrize("bad", BROKEN, ids=lambda bad: bad.hex())
def test_arrow_bytes_that_are_not_utf8_are_refused(bad, unicode):
    pa = pytest.importorskip("pyarrow")
    vectorizer = TextVectorizer(unicode=unicode)
    column = pa.array([b"fine", "\u0800\ud7ff\ue000\U0010ffff".encode(), b"long ascii " + bad])
    with pytest.raises(DataError, match="text 2 is not UTF-8"):
        vectorizer.adapt(column.view(pa.string()))


def test_nothing_is_encoded_before_adapt():
    vectorizer = TextVectorizer()
    for ask in (vectorizer.encode, vectorizer.transform):
        with pytest.raises(NotFittedError, match="call adapt first"):
            ask(["a"])
    with pytest.raises(NotFittedError):
        vectorizer.get_vocabulary()
    with pytest.raises(NotFittedError):
        _ = vectorizer.vocabulary_size
    assert vectorizer.tokens("To be!") == ["to", "be"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_tokens": 1}, "max_tokens must be None or a whole number from 2, got 1"),
        ({"max_tokens": True}, "max_tokens must be .*, got True"),
        ({"max_tokens": 10.0}, "max_tokens must be .*, got 10.0"),
        ({"output_sequence_length": 0}, "output_sequence_length must be .* from 1, got 0"),
        ({"output_sequence_length": True}, "output_sequence_length must be .*, got True"),
        ({"standardize": "upper"}, "standardize must be one of .*, got 'upper'"),
        ({"standardize": ["lower"]}, "standardize must be one of"),
        ({"split": None}, "split must be one of .*, got None"),
        ({"unicode": 1}, r"unicode must be one of \(False, True\), got 1"),
        ({"vocabulary": "abc"}, "a vocabulary is a list of strings, got 'abc'"),
        ({"vocabulary": ["a", "b", "a"]}, "token 2 of the vocabulary is 'a', which is in it"),
        ({"vocabulary": ["", "[UNK]", "a", ""]}, "token 3 of the vocabulary is ''"),
        ({"vocabulary": ["a", "[UNK]"]}, r"token 1 of the vocabulary is '\[UNK\]'"),
        ({"vocabulary": ["a", 3]}, "token 1 of the vocabulary is 3, not a string"),
        ({"vocabulary": ["\ud800"]}, "token 0 of the vocabulary holds a lone surrogate"),
        ({"vocabulary": ["a", "b"], "max_tokens": 3}, "has 2 tokens, and max_tokens=3 leaves"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        TextVectorizer(**arguments)


@pytest.mark.parametrize("threads", [0, -1, None, 1.5, True, "2"])
def test_bad_thread_counts_are_refused(fitted, threads):
    with pytest.raises(ArgumentError, match=f"threads must be .*{re.escape(repr(threads))}"):
        fitted.encode(["a"], threads=threads)


def test_more_threads_than_texts_are_not_made(fitted):
    assert fitted.encode(["a", "b"], threads=10**12).ids.lengths.tolist() == [1, 1]
    assert len(fitted.encode([], threads=2).ids) == 0


def test_what_is_cut_is_said():
    vectorizer = TextVectorizer(output_sequence_length=2).adapt(["a b c d"])
    texts = ["a b c d", "a b", "", "a b c"]
    with pytest.warns(TruncationWarning) as caught:
        ids = vectorizer.transform(texts)
    assert str(caught[0].message) == (
        "with output_sequence_length=2, 2 of 4 texts (50.0%) were cut "
        "and 3 of 9 tokens (33.3%) lost"
    )
    assert caught[0].filename == __file__
    assert ids.lengths.tolist() == [2, 2, 0, 2]
    assert vectorizer.encode(texts).truncation == Truncation(4, 9, 2, 3)
    assert str(vectorizer.encode(["a b"]).truncation) == "no text was cut"
    vectorizer.transform(["a b"])  # no warning, or it would be an error here


def test_the_options_and_the_vocabulary_are_the_vectorizer(fitted):
    options = {"standardize": "lower", "split": "character", "unicode": True, "truncate": "tail"}
    one = TextVectorizer(np.int64(9), output_sequence_length=np.int32(4), **options).adapt(TEXTS)
    config = json.loads(json.dumps(one.get_config()))
    assert config == options | {"max_tokens": 9, "output_sequence_length": 4}
    words = json.loads(json.dumps(one.get_vocabulary()))
    copies = [TextVectorizer.from_config(config, words), copy.deepcopy(one)]
    copies += [TextVectorizer.from_config(config, np.array(words)), pickle.loads(pickle.dumps(one))]
    for other in copies:
        assert other.get_config() == one.get_config()
        assert other.get_vocabulary() == one.get_vocabulary()
        assert (other.encode(TEXTS).ids.values == one.encode(TEXTS).ids.values).all()
        assert all(type(token) is str for token in other.get_vocabulary())
    with pytest.raises(NotFittedError):
        TextVectorizer.from_config(config).encode(["a"])
    with pytest.raises(ArgumentError, match="no option 'ngrams'"):
        TextVectorizer.from_config({"ngrams": 2})


def test_adapting_again_forgets(fitted):
    assert fitted.adapt(["x"]) is fitted
    assert fitted.get_vocabulary() == ["", "[UNK]", "x"]
    assert fitted.adapt([]).get_vocabulary() == ["", "[UNK]"]
    assert fitted.transform(["x y"]).values.tolist() == [1, 1]
    assert TextVectorizer(vocabulary=fitted.get_vocabulary()).vocabulary_size == 2
    assert len(fitted.encode([]).ids) == 0


@pytest.mark.parametrize("standardize", plain.STANDARDIZE[::4])
@pytest.mark.parametrize("unicode", [False, True])
@pytest.mark.parametrize(
    "piece", ["a", " ", "!", "<", "a ", "\u0301", "\u00e9 ", "\0", "Aa!", "\u03a3"], ids=ascii
)
def test_time_is_linear(piece, unicode, standardize):
    """A second for two million characters is a hundred times what it needs, and a hundredth
    of what a quadratic rule would."""
    text = piece * (2_000_000 // len(piece)) + "!"
    vectorizer = TextVectorizer(unicode=unicode, standardize=standardize)
    started = time.process_time()
    vectorizer.adapt([text])
    vectorizer.encode([text])
    assert time.process_time() - started < 4
