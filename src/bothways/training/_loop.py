"""The training loop: read it from the top."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, log_loss

from bothways import Ragged, runtime
from bothways.data import batches
from bothways.nn import RaggedTensor
from bothways.training._history import Epoch, History
from bothways.training._network import ClassifierNetwork
from bothways.training._presets import Preset
from bothways.training._rmsprop import RMSprop


class Examples(NamedTuple):
    """`N` texts as ids and the place of each one's label, `(N,)` int64."""

    ids: Ragged
    labels: NDArray[np.int64]


class Watcher(Protocol):
    """Who is told how the training goes."""

    def started(self, epochs: int, steps: int) -> None:
        """Before the first step; `steps` in an epoch."""

    def stepped(self, epoch: int, documents: int, loss: float) -> None:
        """After each step: its texts and their mean loss."""

    def validated(self, epoch: Epoch, best: bool) -> None:
        """After each epoch; `best` so far?"""


def fit(
    network: ClassifierNetwork,
    train: Examples,
    valid: Examples | None,
    recipe: Preset,
    *,
    seed: int = 0,
    threads: int | None = None,
    watcher: Watcher | None = None,
) -> History:
    """Train `network` in place and leave it with the weights of its best epoch.

    The best epoch has the highest validation accuracy, the lowest loss among equals; without
    a validation part it is the last. An interrupt (Ctrl-C) ends the training and keeps the
    best so far; `History.interrupted` says so. The same seed gives the same bits.
    """
    rng = np.random.default_rng(seed)
    optimizer = RMSprop(network.parameters(), lr=recipe.learning_rate)
    steps = math.ceil(len(train.ids) / recipe.batch_size)
    rate = _schedule(recipe, steps * recipe.epochs)
    history, best = History(), network.tensors()
    if watcher:
        watcher.started(recipe.epochs, steps)
    try:
        for number in range(1, recipe.epochs + 1):
            epoch = _train(network, train, number, recipe, optimizer, rate, rng, watcher)
            epoch = _validated(epoch, network, valid, threads)
            history.epochs.append(epoch)
            is_best = history.best is None or _rank(epoch) >= _rank(history.best)
            if is_best:
                history.best_epoch, best = number, network.tensors()
            if watcher:
                watcher.validated(epoch, is_best)
            if number - history.best_epoch >= recipe.patience:
                break
    except KeyboardInterrupt:
        history.interrupted = True
        best = best if history.best else network.tensors()
    network.load_tensors(best)
    return history


def train_step(
    network: ClassifierNetwork, optimizer: RMSprop, ids: RaggedTensor, labels: torch.Tensor
) -> float:
    """One update on a batch of `N` texts, ids `(T,)` and labels `(N,)`; returns the mean loss."""
    optimizer.zero_grad()
    loss = network.loss(network(ids), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def _train(network, train, number, recipe, optimizer, rate, rng, watcher) -> Epoch:
    """One pass over the training texts in random order."""
    network.train()
    started, total, tokens = time.perf_counter(), 0.0, 0
    device = network.dense_bias.device
    for indices in batches(train.ids.lengths, recipe.batch_size, rng=rng, bucket=recipe.bucket):
        ids = RaggedTensor.from_ragged(train.ids.take(indices))
        labels = torch.from_numpy(train.labels[indices]).to(device)
        for group in optimizer.param_groups:
            group["lr"] = next(rate)
        ids = ids.with_values(ids.values.to(device))
        value = train_step(network, optimizer, ids, labels)
        total += value * len(indices)
        tokens += len(ids.values)
        if watcher:
            watcher.stepped(number, len(indices), value)
    seconds, documents = time.perf_counter() - started, len(train.ids)
    return Epoch(number, seconds, documents, tokens, total / documents, None, None)


def _validated(epoch: Epoch, network, valid: Examples | None, threads: int | None) -> Epoch:
    """The epoch with its validation figures, from the runtime that will be shipped."""
    if valid is None:
        return epoch
    model = runtime.Network(network.spec, network.tensors())
    probabilities = model.probabilities(valid.ids, threads=threads).astype(np.float64)
    classes = np.arange(probabilities.shape[1])
    accuracy = accuracy_score(valid.labels, probabilities.argmax(axis=1))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    loss = log_loss(valid.labels, probabilities, labels=classes)
    return Epoch(
        *(epoch.epoch, epoch.train_seconds, epoch.documents, epoch.tokens, epoch.train_loss),
        float(loss),
        float(accuracy),
    )


def _rank(epoch: Epoch) -> tuple[float, float]:
    if epoch.valid_accuracy is None or epoch.valid_loss is None:
        return (0.0, 0.0)
    return (epoch.valid_accuracy, -epoch.valid_loss)


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
