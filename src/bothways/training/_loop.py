"""The training loop: read it from the top."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, runtime
from bothways.errors import ArgumentError, require
from bothways.training._deal import deal
from bothways.training._examples import HeldOut, Source
from bothways.training._history import Epoch, History
from bothways.training._learner import Learner
from bothways.training._presets import Preset
from bothways.training._progress import Progress
from bothways.training._ranks import Ranks, share_state
from bothways.training._run import UnfinishedRun, restore
from bothways.training._state import generator_state, set_generator
from bothways.training._validation import figures, together


class StopTraining(Exception):
    """A watcher raises it to end the training; the best epoch so far is kept."""


class Watcher(Protocol):
    """Who is told how the training goes.

    Any of its methods may raise `StopTraining`, or another error, which passes through.
    """

    def started(self, epochs: int, steps: int) -> None:
        """Before the first step; `steps` in an epoch."""

    def stepped(self, epoch: int, documents: int, loss: float) -> None:
        """After each step: its texts and their mean loss."""

    def validated(self, epoch: Epoch, best: bool) -> None:
        """After each epoch; `best` so far?"""


def fit(
    learner: Learner,
    train: Source,
    valid: HeldOut | None,
    recipe: Preset,
    *,
    seed: int = 0,
    threads: int | None = None,
    watcher: Watcher | None = None,
    run: UnfinishedRun | None = None,
    ranks: Ranks | None = None,
) -> History:
    """Train `learner` in place and leave it with the weights of its best epoch.

    The best epoch has the highest validation accuracy, or micro-averaged F1 where a text may
    have several labels, and the lowest loss among equals; without
    a validation part it is the last. An interrupt (Ctrl-C) ends the training and keeps the
    best so far; `History.interrupted` says so. `StopTraining` from the watcher does the same,
    and is no interrupt. `seed` decides the order of the texts; the
    same one and the same learner give the same bits. So they do in a run that was killed and
    goes on: `run` keeps its state, and gives back what was saved.

    With `ranks` all of them call this at once with a learner that shares the work; `run` is that
    of rank 0. None of them keeps what an interrupt leaves, which does not come to all in the same
    step: it passes through, and the run goes on from what was saved last.

    Raises `MissingExtraError` if there is a validation part and no scikit-learn,
    `ArtifactError` if what was saved is that of another training, and `ArgumentError` if the
    learning rate is so high that the loss is not a number.
    """
    if valid is not None:
        require("sklearn", extra="train", purpose="validation")
    rng = np.random.default_rng(seed)
    steps = math.ceil(train.texts / recipe.batch_size)
    so_far = Progress(order=generator_state(rng))
    saved = run.saved["run"] if run and run.saved else None
    if ranks is not None:
        saved = share_state(ranks, saved)
    if saved is not None:
        restore(lambda: _load(learner, so_far, saved), run)
        set_generator(rng, so_far.order)
    rate = islice(_schedule(recipe, steps * recipe.epochs), so_far.steps, None)
    history = so_far.history
    if watcher:
        watcher.started(recipe.epochs, steps)
    try:
        while so_far.epoch <= recipe.epochs and so_far.epochs_since_best < recipe.patience:
            epoch = _train(learner, train, so_far, recipe, rate, rng, watcher, run)
            epoch = _validated(epoch, learner, valid, threads, ranks)
            is_best = history.best is None or _rank(epoch) >= _rank(history.best)
            so_far.finish(epoch, _copy(learner) if is_best else None, generator_state(rng))
            if watcher:
                watcher.validated(epoch, is_best)
            _save_if_due(run, learner, so_far)
    except (KeyboardInterrupt, StopTraining) as stop:
        if ranks is not None:
            raise
        history.interrupted = isinstance(stop, KeyboardInterrupt)
        if not so_far.best:
            return history
    learner.load_tensors(so_far.best)
    return history


def _train(learner, train: Source, so_far: Progress, recipe, rate, rng, watcher, run) -> Epoch:
    """One pass over the training texts in random order, or the rest of one."""
    started, number = time.perf_counter() - so_far.seconds, so_far.epoch
    for ids, labels, weights in train.batches(recipe, rng, skip=so_far.batches):
        step_rate = next(rate)
        loss = learner.step(ids, labels, step_rate, weights)
        if not math.isfinite(loss):
            if run is not None:
                run.finish()  # going on would end here again
            raise ArgumentError(
                f"the loss became {loss} in epoch {number}, at the learning rate {step_rate:.3g}: "
                "it is too high for this network"
            )
        so_far.step(loss * len(ids), len(ids.values), time.perf_counter() - started)
        if watcher:
            watcher.stepped(number, len(ids), loss)
        _save_if_due(run, learner, so_far)
    seconds, documents = time.perf_counter() - started, train.texts
    return Epoch(number, seconds, documents, so_far.tokens, so_far.loss / documents, None, None)


def _save_if_due(run: UnfinishedRun | None, learner: Learner, so_far: Progress) -> None:
    """Between two steps: all that the next one depends on is in these two."""
    if run is not None and run.due():
        run.save({"learner": learner.state(), "progress": so_far.state()})


def _load(learner: Learner, so_far: Progress, state) -> None:
    learner.load_state(state["learner"])
    shapes = {name: tensor.shape for name, tensor in state["learner"]["weights"].items()}
    so_far.load_state(state["progress"], shapes)


def _copy(learner: Learner) -> dict[str, NDArray[np.float32]]:
    return {name: tensor.copy() for name, tensor in learner.tensors().items()}


def _validated(epoch: Epoch, learner, valid: HeldOut | None, threads, ranks) -> Epoch:
    """The epoch with its validation figures, from the runtime that will be shipped."""
    if valid is None:
        return epoch
    model = runtime.Network(learner.spec, learner.tensors())
    found = together(
        figures(part.labels, _probabilities(model, part.ids, threads, ranks), part.weights)
        for part in valid.pieces()
        if part.weights is None or part.weights.any()  # of a piece without weight there are none
    )
    return replace(epoch, valid_loss=found.loss, valid_accuracy=found.accuracy, valid_f1=found.f1)


def _probabilities(model: runtime.Network, ids: Ragged, threads, ranks: Ranks | None):
    """Of `N` texts, `(N, C)`. Ranks share them, with the same bits: no text depends on another."""
    if ranks is None:
        return model.probabilities(ids, threads=threads)
    shares = deal(ids.lengths, ranks.size)
    own = model.probabilities(ids.take(shares[ranks.rank]), threads=threads)
    found = np.empty((len(ids), own.shape[1]), own.dtype)
    for texts, data in zip(shares, ranks.tell(own.tobytes()), strict=True):
        found[texts] = np.frombuffer(data, own.dtype).reshape(len(texts), -1)
    return found


def _rank(epoch: Epoch) -> tuple[float, float]:
    if epoch.score is None or epoch.valid_loss is None:
        return (0.0, 0.0)
    return (epoch.score, -epoch.valid_loss)


def _schedule(recipe: Preset, steps: int) -> Iterator[float]:
    """The learning rate of each step.

    One cycle (Smith 2018): up in a straight line over the first quarter, then down a cosine.
    """
    up = max(1, steps // 4)
    for step in range(steps):
        if recipe.schedule == "constant":
            yield recipe.learning_rate
        elif step < up:
            yield recipe.learning_rate * (step + 1) / up
        else:
            share = (step - up) / max(1, steps - up)
            yield recipe.learning_rate * (1 + math.cos(math.pi * share)) / 2
