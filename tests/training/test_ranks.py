"""Several ranks learn what one learns: the same losses to rounding, and all the same bits."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways import Ragged
from bothways.artifact import TABLE
from bothways.errors import ArgumentError, RanksError
from bothways.optim import RowGradient
from bothways.training import (
    ClassifierNetwork,
    Examples,
    KernelLearner,
    UnfinishedRun,
    check_agreement,
    fit,
    initial_tensors,
    new_learner,
)
from bothways.training._deal import deal
from bothways.training._exchange import Exchange, _rows_of_ranks
from training.rank_threads import run_ranks
from training.test_loop import EVERYTHING, RECIPE, SPEC, Recorder

TOLERANCE = 1e-5
"""Of a step's loss: the sums of float32 are taken in another order, and steps build on it."""

WIDE = {"layers": 2, "pooling": "max", "embedding_dropout": 0.3, "word_dropout": 0.2}


class Losses(Recorder):
    def __init__(self):
        super().__init__()
        self.losses = []

    def stepped(self, epoch, documents, loss):
        self.losses.append(loss)


def problem(recipe, outputs=1, rows=42, seed=0, weighted=False, several=False):
    """Texts of which the last batch has two; some are empty."""
    rng = np.random.default_rng(seed)
    texts = [rng.integers(2, 60, rng.integers(0, 30)) for _ in range(rows)]
    labels = rng.integers(0, max(2, outputs), rows)
    if several:
        labels = rng.integers(0, 2, (rows, outputs)).astype(bool)
    weights = rng.uniform(0, 3, rows).astype(np.float32) if weighted else None
    return Examples(Ragged.from_list(texts), labels, weights)


def trained(ranks, recipe, spec, run=None, watcher=None, **kinds):
    """The weights, the loss of each step, and the history."""
    watcher = watcher or Losses()
    how = {"ranks": ranks, "watcher": watcher, "run": run, "threads": 1}
    data, held_out = problem(recipe, **kinds), problem(recipe, rows=13, seed=1, **kinds)
    with new_learner(spec, 60, recipe, threads=1, ranks=ranks) as net:
        history = fit(net, data, held_out, recipe, **how)
    return net.tensors(), getattr(watcher, "losses", None), history


@pytest.mark.parametrize(
    "recipe, spec, kinds",
    [
        ({"optimizer": "adamw", "weight_decay": 0.05, "bucket": 2}, EVERYTHING, {}),
        ({"adversarial": 0.4, "optimizer": "adam"}, WIDE, {"weighted": True}),
        ({"checkpoint": 4}, {"outputs": 3, "pooling": "mean", "merge": "sum"}, {"outputs": 3}),
        ({}, {"outputs": 4, "multilabel": True}, {"outputs": 4, "several": True}),
        ({}, {"pooling": "max", "lookahead": 3, "input_dropout": 0.2}, {}),
        ({"precision": "bf16"}, {"outputs": 3}, {"outputs": 3, "weighted": True}),
    ],
    ids=["everything", "adversarial", "checkpoint", "several-labels", "lookahead", "bf16"],
)
def test_one_two_and_three_ranks_agree(recipe, spec, kinds):
    recipe = replace(RECIPE, epochs=2, patience=9, **recipe)
    spec = replace(SPEC, **spec)
    alone, losses, history = trained(None, recipe, spec, **kinds)
    assert losses[0] != losses[-1]
    for size in (2, 3):
        found = run_ranks(size, lambda ranks: trained(ranks, recipe, spec, **kinds))
        for tensors, theirs, _ in found:
            assert theirs == found[0][1]
            for name, tensor in tensors.items():
                np.testing.assert_array_equal(tensor, found[0][0][name], err_msg=name)
        bound = TOLERANCE * (100 if recipe.precision == "bf16" else 1)  # a flip of 2**-9
        np.testing.assert_allclose(found[0][1], losses, rtol=bound)
        for ours, theirs in zip(history, found[0][2], strict=True):
            assert theirs.tokens == ours.tokens
            assert theirs.valid_loss == pytest.approx(ours.valid_loss, rel=bound)
        assert any((found[0][0][k] != v).any() for k, v in alone.items())  # others did add up


texts = st.lists(st.lists(st.integers(0, 59), max_size=12), min_size=1, max_size=8)


@settings(deadline=None, max_examples=40)
@given(texts, st.integers(2, 4), st.integers(0, 99))
def test_a_batch_in_shares_has_the_gradients_of_the_batch(texts, size, seed):
    """By both ways, also where a rank has no text."""
    spec = replace(SPEC, embedding_dropout=0.3, input_dropout=0.2, outputs=3)
    tensors = initial_tensors(spec, 60, np.random.default_rng(seed))
    ids = Ragged.from_list(texts)
    labels = np.random.default_rng(seed).integers(0, 3, len(texts))

    def step(ranks):
        network, rng = ClassifierNetwork(spec, tensors), np.random.default_rng(1)
        if ranks is None:
            return network.loss_and_gradients(ids, labels, rng, threads=1)
        exchange, words = Exchange(ranks), network.words(ids)
        share = exchange.share(ids, words)
        part = network.loss_and_gradients(ids, labels, rng, share=share, threads=1)
        found = []
        for way, rows in (
            ("gathered", _rows_of_ranks(share.rank_of, words, size)),
            ("added up", None),
        ):
            exchange._rows = lambda *_, rows=rows: rows
            found.append(exchange.sum(*part, share, words, threads=1))
            assert exchange.way == way
        return found

    loss, whole = step(None)
    for theirs, gradients in chain(*run_ranks(size, step)):
        assert theirs == pytest.approx(loss, rel=1e-5)
        assert list(gradients) == list(whole)
        for name, gradient in whole.items():
            ours = gradients[name]
            if isinstance(gradient, RowGradient):
                np.testing.assert_array_equal(ours.rows, gradient.rows)
                ours, gradient = ours.values, gradient.values
            np.testing.assert_allclose(ours, gradient, rtol=1e-4, atol=1e-6, err_msg=name)


def test_the_cheaper_way_is_taken_and_counted(caplog):
    """Two ranks always gather; of many the rows of the batch are those of each, nearly."""
    spec, rng = replace(SPEC, embedding_dim=40), np.random.default_rng(0)
    tensors = initial_tensors(spec, 60, rng)
    dense = sum(tensor.size for tensor in tensors.values()) - tensors[TABLE].size
    ids = Ragged.from_list([rng.integers(0, 60, 20) for _ in range(16)])
    labels = np.zeros(16, np.int64)

    def step(ranks):
        learner = KernelLearner(spec, tensors, RECIPE, rng=rng, threads=1, ranks=ranks)
        learner.step(ids, labels, 1e-3)
        return learner.exchange

    with caplog.at_level(logging.DEBUG, "bothways"):
        two, eight = (run_ranks(size, step) for size in (2, 8))
    U = len(np.unique(ids.values))
    shares = deal(ids.lengths, 2)
    most = max(len(np.unique(ids.take(share).values)) for share in shares)
    assert {(e.way, e.sent) for e in two} == {("gathered", 4 * (1 + dense + 40 * most))}
    ((way, sent),) = {(e.way, e.sent) for e in eight}
    assert way == "added up" and sent == 4 * (1 + dense + 40 * U) * 2 * 7 // 8
    assert f"gathered, at most {most} rows a rank of the {U} that the batch touches" in caplog.text


def test_one_step_of_one_text():
    """A batch that has no text for the second rank."""
    ids, labels = Ragged.from_list([[3, 4, 5]]), np.array([1])

    def step(ranks):
        with new_learner(SPEC, 60, RECIPE, threads=1, ranks=ranks) as net:
            return net.step(ids, labels, 1e-2), net.tensors()

    loss, tensors = step(None)
    for theirs, others in run_ranks(2, step):
        assert theirs == pytest.approx(loss, rel=1e-6)
        for name, tensor in tensors.items():
            np.testing.assert_allclose(others[name], tensor, rtol=1e-5, atol=1e-7)


def test_a_run_goes_on_from_the_state_of_the_first(tmp_path):
    """Which the others are given, bit for bit."""
    recipe = replace(RECIPE, epochs=3, patience=9, optimizer="adam")
    spec = replace(SPEC, **EVERYTHING)

    class Killed(Exception):
        """As a kill."""

    def one(ranks, watcher=None):
        if ranks.rank:
            return trained(ranks, recipe, spec, watcher=watcher)[0]
        with UnfinishedRun(tmp_path / "m", resume=True, every=0, share=math.inf) as run:
            run.agree({})
            return trained(ranks, recipe, spec, run=run, watcher=watcher)[0]

    with pytest.raises(Killed):
        run_ranks(2, lambda ranks: one(ranks, Recorder(8, Killed)))
    assert (tmp_path / "m.run" / "state").exists()
    whole = run_ranks(2, lambda ranks: trained(ranks, recipe, spec)[0])
    for tensors in run_ranks(2, one):
        for name, tensor in tensors.items():
            np.testing.assert_array_equal(tensor, whole[0][name], err_msg=name)


def test_an_interrupt_passes_through():
    def one(ranks):
        watcher = Recorder(9) if ranks.rank else None  # after the first epoch
        return trained(ranks, replace(RECIPE, epochs=2), SPEC, watcher=watcher or Losses())

    with pytest.raises(KeyboardInterrupt):
        run_ranks(2, one)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"seed": 3}, "rank 1 has seed 3, and rank 0 has 0"),
        ({"train": "b"}, "rank 1 has other data than rank 0: its texts, labels or weights differ"),
        ({"recipe": {"epochs": 2}}, "rank 1 has epochs 2, and rank 0 has 1"),
        ({"instructions": "avx2"}, "rank 1 has instructions 'avx2', and rank 0 has 'avx512'"),
    ],
)
def test_ranks_that_are_not_alike(change, message):
    key = {"seed": 0, "recipe": {"epochs": 1}, "instructions": "avx512", "train": "a"}

    def one(ranks):
        with pytest.raises(RanksError) as refusal:
            check_agreement(ranks, key | (change if ranks.rank else {}), 32)
        return str(refusal.value)

    assert run_ranks(3, lambda r: check_agreement(r, key, 3)) == [None] * 3
    # The third one is like the second one: the first that differs is named.
    assert run_ranks(3, one) == [message] * 3


def test_more_ranks_than_texts_in_a_batch():
    with pytest.raises(ArgumentError, match=r"a batch of 2 texts is .* at most .* got 3"):
        run_ranks(3, lambda ranks: check_agreement(ranks, {}, 2))
