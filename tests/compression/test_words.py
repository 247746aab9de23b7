"""Which words stay, and what the others are read as."""

import numpy as np

from bothways import Ragged, runtime
from bothways.artifact import NetworkSpec, Spec, VectorizerSpec
from bothways.compression import by_importance, keep_words
from bothways.training import initial_tensors

VOCABULARY = ("", "[UNK]", "the", "good", "bad", "film", "dull")


def model(rng):
    network = NetworkSpec(4, 3, True, "concat", "max", 1)
    vectorizer = VectorizerSpec(None, "lower", "whitespace", None, False, VOCABULARY)
    tensors = initial_tensors(network, len(VOCABULARY), rng)
    return Spec("classification", ("a", "b"), vectorizer, network), tensors


def test_importance_is_the_change_of_the_gates_over_the_root_of_the_rank(rng):
    _, tensors = model(rng)
    table, kernel = (tensors[k].astype(np.float64) for k in ("embedding.weight", "lstm.kernel"))
    importance = {
        word: np.linalg.norm(table[word] @ kernel - table[1] @ kernel) / (word - 1) ** 0.3
        for word in range(2, 7)
    }
    expected = sorted(importance, key=importance.__getitem__, reverse=True)
    assert by_importance(tensors).tolist() == expected


def test_a_word_that_reads_as_unknown_already_is_the_first_to_go(rng):
    _, tensors = model(rng)
    tensors["embedding.weight"][2] = tensors["embedding.weight"][1]
    assert by_importance(tensors)[-1] == 2


def test_the_order_of_the_vocabulary_stays_and_unknown_is_a_weighted_mean(rng):
    spec, tensors = model(rng)
    small, arrays = keep_words(spec, tensors, np.array([6, 3]))
    assert small.vectorizer.vocabulary == ("", "[UNK]", "good", "dull")
    before, after = tensors["embedding.weight"], arrays["embedding.weight"]
    assert np.array_equal(after[[0, 2, 3]], before[[0, 3, 6]])
    # Ranks 1, 3 and 4 are dropped: the, bad, film.
    mean = (before[1] + before[2] + before[4] / 3 + before[5] / 4) / (1 + 1 + 1 / 3 + 1 / 4)
    np.testing.assert_allclose(after[1], mean, rtol=1e-6)
    assert after.dtype == np.float32


def test_the_model_with_all_its_words_is_the_same(rng):
    spec, tensors = model(rng)
    small, arrays = keep_words(spec, tensors, np.arange(2, 7))
    assert small == spec
    for name in tensors:
        assert np.array_equal(arrays[name], tensors[name])


def test_a_dropped_word_reads_as_unknown(rng):
    spec, tensors = model(rng)
    small, arrays = keep_words(spec, tensors, np.array([3]))
    known = runtime.Model(small, arrays)
    probabilities = known.predict_proba(["good film", "good [UNK]", "good nonsense", "good good"])
    assert np.array_equal(probabilities[0], probabilities[1])
    assert np.array_equal(probabilities[0], probabilities[2])
    assert not np.array_equal(probabilities[0], probabilities[3])
    ids = Ragged.from_list([np.array([2, 1], np.int32)])
    assert np.array_equal(known.network.probabilities(ids)[0], probabilities[0])
