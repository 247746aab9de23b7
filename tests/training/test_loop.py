"""The training loop: best epoch, early stop, interrupt, and the same bits for the same seed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bothways import Ragged, kernels
from bothways.artifact import NetworkSpec
from bothways.errors import ArgumentError
from bothways.training import Examples, History, StopTraining, fit, new_learner, preset
from conftest import tiny_corpus

RECIPE = replace(
    preset("classic"), embedding_dim=6, hidden_size=5, epochs=6, learning_rate=2e-2, batch_size=8
)


def problem(rows=40, seed=0):
    rng = np.random.default_rng(seed)
    texts = [rng.integers(2, 12, rng.integers(0, 9)) for _ in range(rows)]
    labels = np.array([int((t == 5).any()) for t in texts])
    return Examples(Ragged.from_list(texts), labels)


SPEC = NetworkSpec(6, 5, True, "concat", "last", 1, dropout=0.5)


def learner(seed=0, threads=1, recipe=RECIPE, **changes):
    return new_learner(replace(SPEC, **changes), 12, recipe, seed=seed, threads=threads)


def weights(net):
    return np.concatenate([t.reshape(-1) for t in net.tensors().values()])


class Recorder:
    def __init__(self, stop_at=None, error=KeyboardInterrupt):
        self.steps, self.epochs, self.stop_at, self.error = 0, [], stop_at, error

    def started(self, epochs, steps):
        self.planned = (epochs, steps)

    def stepped(self, epoch, documents, loss):
        self.steps += 1
        if self.steps == self.stop_at:
            raise self.error

    def validated(self, epoch, best):
        self.epochs.append((epoch, best))


def trained(seed=0, threads=1, recipe=RECIPE, valid=True, watcher=None, **changes):
    held_out = problem(20, 1) if valid else None
    with learner(seed, threads, recipe, **changes) as net:
        history = fit(net, problem(), held_out, recipe, seed=seed, watcher=watcher)
    return net, history


EVERYTHING = {
    "layers": 2,
    "pooling": "max",
    "embedding_dropout": 0.3,
    "input_dropout": 0.3,
    "layer_dropout": 0.3,
}


@pytest.mark.parametrize("changes", [{}, EVERYTHING], ids=["classic", "everything"])
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_bits(threads, changes):
    first, second = trained(**changes)[0], trained(threads=threads, **changes)[0]
    np.testing.assert_array_equal(weights(first), weights(second))
    assert (weights(trained(seed=1, **changes)[0]) != weights(first)).any()


@pytest.mark.parametrize("optimizer, weight_decay", [("adam", 0.0), ("adamw", 0.05)])
def test_every_optimizer_trains_with_the_same_bits(optimizer, weight_decay):
    recipe = replace(RECIPE, optimizer=optimizer, weight_decay=weight_decay)
    first, history = trained(recipe=recipe)
    np.testing.assert_array_equal(weights(first), weights(trained(threads=2, recipe=recipe)[0]))
    assert (weights(first) != weights(trained()[0])).any()
    assert history.epochs[-1].train_loss < history.epochs[0].train_loss


def test_best_epoch_is_kept():
    watcher = Recorder()
    net, history = trained(watcher=watcher)
    assert watcher.planned == (6, 5)
    ranks = [(e.valid_accuracy, -e.valid_loss) for e in history]
    assert history.best_epoch == 1 + max(range(len(ranks)), key=lambda n: ranks[n])
    assert [e for e, best in watcher.epochs if best][-1] == history.best
    # The weights are those of that epoch: a run of just so many epochs ends with them.
    again, _ = trained(recipe=replace(RECIPE, epochs=history.best_epoch, patience=99))
    np.testing.assert_array_equal(weights(net), weights(again))


def test_early_stop():
    _, history = trained(recipe=replace(RECIPE, learning_rate=1e-9, epochs=50, patience=2))
    assert len(history) < 50
    assert len(history) - history.best_epoch == 2


def test_without_validation_the_last_epoch_is_kept():
    _, history = trained(valid=False)
    assert history.best_epoch == len(history) == 6
    assert history.best.valid_loss is None


@pytest.mark.parametrize("error", [KeyboardInterrupt, StopTraining])
def test_interrupt_and_stop_keep_the_best_so_far(error):
    watcher = Recorder(stop_at=13, error=error)  # in the third of epochs of 5 steps
    net, history = trained(watcher=watcher)
    assert history.interrupted is (error is KeyboardInterrupt) and len(history) == 2
    whole, _ = trained(recipe=replace(RECIPE, epochs=history.best_epoch, patience=99))
    np.testing.assert_array_equal(weights(net), weights(whole))


def test_interrupt_in_the_first_epoch_keeps_what_was_learned():
    net, history = trained(watcher=Recorder(stop_at=3))
    assert history.interrupted and len(history) == 0
    with learner() as untrained:
        assert (weights(net) != weights(untrained)).any()


def test_history_is_a_row_for_each_epoch():
    _, history = trained()
    rows = [json.loads(line) for line in history.to_jsonl().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6][: len(rows)]
    assert set(rows[0]) == {
        *("epoch", "train_seconds", "documents", "tokens", "train_loss"),
        *("valid_loss", "valid_accuracy"),
    }
    assert rows[0]["documents"] == 40
    assert rows[0]["tokens"] == len(problem().ids.values)
    assert History().best is None


def test_one_cycle_rises_and_falls():
    from bothways.training._loop import _schedule

    rates = list(_schedule(replace(RECIPE, schedule="one-cycle", learning_rate=0.4), 40))
    assert max(rates) == pytest.approx(0.4) and rates.index(max(rates)) in (9, 10)
    assert rates[0] < 0.05 and rates[-1] < 0.01
    assert set(_schedule(RECIPE, 5)) == {RECIPE.learning_rate}


def test_a_loss_that_is_no_number_ends_the_training():
    with pytest.raises(ArgumentError, match="the loss became nan in epoch 1, at the learning rate"):
        trained(recipe=replace(RECIPE, learning_rate=1e30))


def test_multi_class_learns():
    rng = np.random.default_rng(3)
    texts = [rng.integers(5, 12, 4) for _ in range(90)]
    labels = rng.integers(0, 3, 90)
    for text, label in zip(texts, labels, strict=True):
        text[rng.integers(4)] = 2 + label
    data = Examples(Ragged.from_list(texts), labels)
    with learner(outputs=3, dropout=0.0) as net:
        history = fit(net, data, data, replace(RECIPE, epochs=15, patience=15))
    assert history.best.valid_accuracy > 0.95


def test_training_follows_its_tier(isa):
    trained()
    assert kernels.isa() == isa


def test_corpus_helper_has_both_labels():
    assert set(tiny_corpus()[1]) == {"neg", "pos"}
