"""What holds for any text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bothways.errors import ArgumentError, DataError
from bothways.text import TextVectorizer
from text import plain

TEXTS = st.lists(plain.TEXT, max_size=6)


def ragged_list(ids):
    return [ids[n].tolist() for n in range(len(ids))]


@settings(deadline=None)
@given(plain.TEXT, plain.RULES)
@example("a\x1cb a\u00a0b a\x85b", {"standardize": None, "split": "whitespace", "unicode": True})
@example("a\x1cb", {"standardize": None, "split": "whitespace", "unicode": True})
@example("a\x1cb", {"standardize": None, "split": "whitespace", "unicode": False})
@example("\u0391\u03a3 \u03a3'", {"standardize": "lower", "split": "whitespace", "unicode": True})
def test_tokens_are_those_of_the_plain_rules(text, rules):
    assert TextVectorizer(**rules).tokens(text) == plain.tokens(text, **rules)


@settings(deadline=None)
@given(TEXTS, TEXTS, plain.RULES, st.none() | st.integers(2, 9), st.none() | st.integers(1, 5))
def test_vocabulary_ids_and_cuts_are_those_of_the_plain_rules(learn, texts, rules, size, length):
    vectorizer = TextVectorizer(size, output_sequence_length=length, **rules).adapt(learn)
    known = plain.vocabulary(learn, size, **rules)
    assert vectorizer.get_vocabulary() == known
    assert vectorizer.vocabulary_size == len(known)
    ids, truncation = vectorizer.encode(texts)
    want, cut_texts, cut_tokens = plain.encode(texts, known, length, **rules)
    assert ragged_list(ids) == want
    assert ids.values.dtype == "int32"
    assert (truncation.cut_texts, truncation.cut_tokens) == (cut_texts, cut_tokens)
    assert (truncation.texts, truncation.tokens) == (len(texts), sum(map(len, want)) + cut_tokens)


@settings(deadline=None)
@given(plain.TEXT, plain.RULES)
def test_tokens_joined_by_blanks_are_their_own_tokens(text, rules):
    vectorizer = TextVectorizer(**(rules | {"split": "whitespace"}))
    tokens = vectorizer.tokens(text)
    assert vectorizer.tokens(" ".join(tokens)) == tokens


@settings(deadline=None)
@given(TEXTS, plain.RULES)
def test_a_batch_is_its_texts_one_by_one_at_any_thread_count(texts, rules):
    vectorizer = TextVectorizer(max_tokens=8, output_sequence_length=4, **rules).adapt(texts)
    many = texts * 60  # more than one worker's share
    alone = [vectorizer.encode([text]) for text in texts] * 60
    for threads in (1, 2, 5):
        ids, truncation = vectorizer.encode(many, threads=threads)
        assert ragged_list(ids) == [one.ids[0].tolist() for one in alone]
        assert truncation.cut_tokens == sum(one.truncation.cut_tokens for one in alone)
        assert truncation.cut_texts == sum(one.truncation.cut_texts for one in alone)


@settings(deadline=None)
@given(TEXTS, plain.RULES, st.data())
def test_arrow_columns_are_lists(texts, rules, data):
    pa = pytest.importorskip("pyarrow")
    vectorizer = TextVectorizer(output_sequence_length=3, **rules).adapt(texts)
    want = ragged_list(vectorizer.encode(texts).ids)
    kind = data.draw(st.sampled_from([pa.string(), pa.large_string(), pa.string_view()]))
    start = data.draw(st.integers(0, 3))
    sliced = pa.array(["skipped"] * start + texts + ["skipped too"], kind)[start:-1]
    assert ragged_list(vectorizer.encode(sliced).ids) == want
    cut = data.draw(st.integers(0, len(texts)))
    chunked = pa.chunked_array([sliced[:cut], sliced[cut:]], kind)
    assert ragged_list(vectorizer.encode(chunked).ids) == want
    again = TextVectorizer(**rules).adapt(chunked)
    assert again.get_vocabulary() == vectorizer.get_vocabulary()


@settings(deadline=None)
@given(plain.TEXT, st.characters(categories=("Cs",)), plain.RULES)
def test_a_lone_surrogate_is_named_by_its_place(text, surrogate, rules):
    vectorizer = TextVectorizer(**rules)
    with pytest.raises(DataError, match="text 2 holds a lone surrogate"):
        vectorizer.adapt([text, text, text + surrogate])


def test_punctuation_is_every_p_category_and_ascii_symbols():
    everything = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    vectorizer = TextVectorizer(standardize="strip_punctuation", split="character", unicode=True)
    kept = [c for c in everything if not plain.is_mark(c, unicode=True)]
    assert len(everything) - len(kept) > 800
    assert vectorizer.tokens("".join(everything)) == kept


@pytest.mark.parametrize("unicode", [False, True])
def test_words_end_at_every_mark_but_the_apostrophe(unicode):
    """Each mark between two letters: one token about apostrophes, two about the others."""
    marks = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    marks = [c for c in marks if plain.is_mark(c, unicode)]
    assert len(marks) == 32 or (unicode and len(marks) > 800)
    vectorizer = TextVectorizer(standardize="lower_and_split_at_punctuation", unicode=unicode)
    joined = [c for c in marks if vectorizer.tokens(f"A{c}b") == ["ab"]]
    assert joined == (["'", "\u2019"] if unicode else ["'"])
    assert [c for c in marks if vectorizer.tokens(f"A{c}b") != ["a", "b"]] == joined


def test_what_the_better_rule_is_for():
    text = "A great,but 'odd' film.<br /><br />I don't know: see http://a.org"
    stripped, split = TextVectorizer(), TextVectorizer(standardize="lower_and_split_at_punctuation")
    assert " ".join(stripped.tokens(text)) == ("a greatbut odd filmbr br i dont know see httpaorg")
    assert " ".join(split.tokens(text)) == ("a great but odd film br br i dont know see http a org")
    split = TextVectorizer(standardize="lower_and_split_at_punctuation", split="character")
    assert split.tokens("A.b'c ") == ["a", " ", "b", "c", " "]


def test_the_table_tells_every_short_word_apart():
    # Heads of eight bytes with zeros behind them: NULs at the end must still count.
    words = ["a" * n + "\0" * m for n in range(1, 20) for m in range(5)]
    words += ["\0" * m for m in range(1, 12)] + [f"interesting{n}" for n in range(5000)]
    vectorizer = TextVectorizer(standardize=None, vocabulary=words)
    assert vectorizer.transform([" ".join(words)]).values.tolist() == [*range(2, len(words) + 2)]
    assert sorted(TextVectorizer(standardize=None).adapt(words).get_vocabulary()[2:]) == sorted(
        words
    )


@pytest.mark.parametrize("attempt", range(5))  # each table is seeded anew
def test_words_that_fall_into_one_place_are_told_apart(attempt):
    """Of so many words with the same head and another length, some meet in the table."""
    words = [chr(0x4E00 + n) + "\0" * m for n in range(5000) for m in range(6)]
    vectorizer = TextVectorizer(standardize=None, vocabulary=words)
    assert vectorizer.transform([" ".join(words)]).values.tolist() == [*range(2, len(words) + 2)]
    assert len(TextVectorizer(standardize=None).adapt(words).get_vocabulary()) == len(words) + 2


KEPT = {"head": lambda ids, n: ids[:n], "tail": lambda ids, n: ids[max(0, len(ids) - n) :]}
KEPT["middle"] = lambda ids, n: (
    ids if len(ids) <= n else KEPT["head"](ids, n - n // 2) + KEPT["tail"](ids, n // 2)
)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(sorted(KEPT)), st.integers(1, 6), st.integers(1, 3))
def test_what_is_kept_of_long_texts(texts, truncate, length, threads):
    whole = TextVectorizer().adapt(texts)
    words = whole.get_vocabulary()
    short = TextVectorizer(output_sequence_length=length, truncate=truncate, vocabulary=words)
    ids, truncation = short.encode(texts, threads)
    all_ids = ragged_list(whole.encode(texts).ids)
    assert ragged_list(ids) == [KEPT[truncate](row, length) for row in all_ids]
    lost = [max(0, len(row) - length) for row in all_ids]
    assert truncation.cut_tokens == sum(lost)
    assert truncation.cut_texts == sum(n > 0 for n in lost)
    assert truncation.tokens == sum(map(len, all_ids))


@pytest.mark.parametrize("truncate, kept", [("head", "abc"), ("tail", "cde"), ("middle", "abe")])
def test_what_truncate_means(truncate, kept):
    words = list("abcde")
    vectorizer = TextVectorizer(output_sequence_length=3, truncate=truncate, vocabulary=words)
    ids = vectorizer.encode(["a b c d e"]).ids.values
    assert "".join(words[n - 2] for n in ids) == kept


def test_truncate_needs_a_length():
    with pytest.raises(ArgumentError, match="no length is set: give output_sequence_length"):
        TextVectorizer(truncate="tail")
    with pytest.raises(ArgumentError, match="truncate must be one of"):
        TextVectorizer(truncate="left", output_sequence_length=3)
