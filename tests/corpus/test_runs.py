"""Sorted runs of counts sum up to what is counted at once."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways import TextVectorizer
from bothways.corpus._runs import most_frequent, run_of, schema

WORDS = st.text("abé \u00df[UNK]", max_size=12)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.lists(WORDS, max_size=5), min_size=1, max_size=3), min_size=1, max_size=3),
    st.none() | st.integers(2, 6),
    st.integers(1, 20),
)
def test_any_runs_in_any_ranges(tmp_path_factory, files, size, at_once):
    folder = tmp_path_factory.mktemp("runs")
    vectorizer = TextVectorizer(size)
    paths = []
    for n, runs in enumerate(files):
        paths.append(str(folder / str(n)))
        with pa.ipc.new_file(paths[-1], schema()) as writer:
            for texts in runs:
                counter = vectorizer.counter()
                counter.add(texts)
                writer.write_batch(run_of(counter.arrays()))
    found = most_frequent(paths, size, at_once)
    texts = [text for runs in files for run in runs for text in run]
    vectorizer.adapt(texts)
    assert found.words == vectorizer.get_vocabulary()[2:]
    tokens = [token for text in texts for token in vectorizer.tokens(text)]
    assert found.tokens == len(tokens)
    assert found.counts == [tokens.count(word) for word in found.words]
