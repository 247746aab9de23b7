"""Real reviews, against the plain rules and through every door."""

from __future__ import annotations

import pytest

from bothways.text import TextVectorizer
from text import plain


@pytest.mark.parametrize("unicode", [False, True])
@pytest.mark.parametrize(
    "standardize", ["lower_and_strip_punctuation", "lower_and_split_at_punctuation"]
)
def test_reviews_have_the_ids_of_the_plain_rules(shared_data, standardize, unicode):
    parquet = pytest.importorskip("pyarrow.parquet")
    column = parquet.read_table(shared_data / "imdb_train.parquet", columns=["text"])["text"]
    column = column.slice(0, 2_000)
    texts = column.to_pylist()
    assert any(not text.isascii() for text in texts)
    rules = {"standardize": standardize, "unicode": unicode}
    vectorizer = TextVectorizer(5_000, output_sequence_length=200, **rules).adapt(column)
    known = plain.vocabulary(texts, 5_000, **rules)
    assert vectorizer.get_vocabulary() == known
    ids, cut_texts, cut_tokens = plain.encode(texts, known, 200, **rules)
    for batch in (texts, column):
        for threads in (1, 2):
            got, truncation = vectorizer.encode(batch, threads=threads)
            assert got.values.tolist() == [number for text in ids for number in text]
            assert got.lengths.tolist() == [len(text) for text in ids]
            assert (truncation.cut_texts, truncation.cut_tokens) == (cut_texts, cut_tokens)
