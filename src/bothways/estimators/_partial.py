"""Texts that come in parts: the training goes on with each, and is never over."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
from sklearn.base import clone

from bothways.artifact import Spec
from bothways.errors import ArgumentError, DataError
from bothways.estimators._fit import label_counts, prepared, recipe_of, training_facts
from bothways.estimators._parts import checked_texts
from bothways.estimators._ready import Fitted, Tensors
from bothways.estimators._targets import codes_of, has_columns, has_names
from bothways.estimators._weights import checked_weights, class_weights, text_weights
from bothways.kernels import default_threads
from bothways.runtime import Model
from bothways.text import Truncation
from bothways.training import Epoch, Examples, History, KernelLearner, Learner, Preset, new_learner

# One cycle rises to its rate and falls; what has no end keeps to a quarter of it.
_OF_THE_PEAK = 0.25

# What the first weights came from stays true of all that follows.
_OF_THE_START = ("vectors", "vectors_learned_from", "started_from")


class Unending:
    """A network, its optimizer and its randomness between two parts of the texts."""

    def __init__(self, recipe: Preset, learner: Learner, spec: Spec, seed: int) -> None:
        self.recipe, self.learner, self.spec = recipe, learner, spec
        self.rate = recipe.learning_rate
        if recipe.schedule != "constant":
            self.rate *= _OF_THE_PEAK
        self.history = History()
        self.cut = Truncation(0, 0, 0, 0)
        self.seconds = 0.0
        self.texts_of = np.zeros(len(spec.labels), np.int64)  # each label
        self._order = np.random.default_rng(seed)

    def learn(self, examples: Examples, threads: int) -> Epoch:
        """One pass over the texts of a part, in random order."""
        started, loss = time.perf_counter(), 0.0
        for ids, labels, weights in examples.batches(self.recipe, self._order, skip=0):
            step = self.learner.step(ids, labels, self.rate, weights)
            if not np.isfinite(step):
                raise ArgumentError(
                    f"the loss became {step} at the learning rate {self.rate:.3g}: it is too high "
                    "for this network"
                )
            loss += step * len(ids)
        texts, tokens = examples.texts, len(examples.ids.values)
        seconds, number = time.perf_counter() - started, len(self.history) + 1
        return Epoch(number, seconds, texts, tokens, loss / texts, None, None)


def fit_part(
    estimator: Any, unending: Unending | None, X: Any, y: Any, classes: Any, sample_weight: Any
) -> tuple[Unending, Fitted]:
    """Learn from a part of the texts; `unending` is what the part before left, if any."""
    if estimator.class_weight == "balanced":
        raise ArgumentError(
            "class_weight='balanced' needs all texts at once; for texts in parts give the weights "
            "of the labels"
        )
    if estimator.device != "cpu":
        raise ArgumentError(f"texts in parts are learned on the CPU, got {estimator.device!r}")
    started = time.perf_counter()
    threads = estimator.threads or default_threads()
    texts = checked_texts(X)
    if unending is not None:
        known, model = estimator.classes_, estimator.model_
    elif hasattr(estimator, "fitted_"):
        unending, known, model = _after_fit(estimator)
    else:
        unending, known, model = _first(estimator, texts, y, classes)
    multilabel = unending.spec.network.multilabel
    if classes is not None:
        given, there = np.asarray(classes).tolist(), known.tolist()
        # The model that training starts from may have more labels than the data.
        other = set(given).difference if estimator.start_from else set(given).symmetric_difference
        if other(there):
            raise DataError(f"the classes are {there}, and cannot become {given}")
        if multilabel and has_columns(y) and not has_names(y) and given != there:
            raise DataError(f"the columns of a matrix are the classes {there}, got them as {given}")
    codes = codes_of(y, len(texts), known, multilabel, "this part")
    texts_of, of_classes = label_counts(codes, len(known)), None
    if estimator.class_weight is not None:
        given = estimator.class_weight
        of_classes = class_weights(given, texts_of, len(texts), multilabel, known)
    own = checked_weights(sample_weight, len(texts))
    weights = text_weights(own, of_classes, codes, "training")
    ids, cut = model.encode(texts, threads=threads)
    counted = None if weights is None else weights.astype(np.float32)
    estimator._unending = None  # what is left in the middle of a part is not gone on with
    epoch = unending.learn(Examples(ids, codes, counted), threads)
    unending.history.epochs.append(epoch)
    unending.history.best_epoch = epoch.epoch
    unending.cut += cut
    unending.seconds += time.perf_counter() - started
    unending.texts_of += texts_of
    return unending, _fitted(unending, known, estimator)


def _first(estimator: Any, texts: list[str], y: Any, classes: Any) -> tuple[Unending, Any, Model]:
    """The first part says which words there are; `classes` say which labels."""
    if classes is None:
        raise ArgumentError("the first part needs classes: all labels that any part will have")
    # How frequent labels are in the first part says nothing of the others.
    changes: dict[str, Any] = {"least_steps": 0, "few_adversarial": 0.0, "output_bias": "zeros"}
    recipe = dataclasses.replace(recipe_of(estimator), **changes)
    whole = clone(estimator).set_params(validation=None, calibrate=False, class_weight=None)
    whole.set_params(preset=recipe, epochs=None)
    ready = prepared(whole, texts, y, None, None, None, classes)
    with new_learner(
        ready.spec.network,
        len(ready.spec.vectorizer.vocabulary),
        ready.recipe,
        seed=estimator.random_state,
        threads=estimator.threads,
        vectors=ready.vectors,
        place=ready.place,
    ) as learner:
        spec = dataclasses.replace(ready.spec, training=dict(ready.facts))
        unending = Unending(ready.recipe, learner, spec, estimator.random_state)
        return unending, ready.classes, Model(spec, learner.tensors())


def _after_fit(estimator: Any) -> tuple[Unending, Any, Model]:
    """Going on from what `fit` has found, with an optimizer that begins anew."""
    fitted = estimator.fitted_
    spec, recipe = fitted.model.spec, recipe_of(estimator)
    tensors: Tensors = dict(fitted.tensors)
    for name in ("dense.kernel", "dense.bias"):  # what is trained has no temperature
        tensors[name] = tensors[name] / np.float32(spec.temperature)
    spec = dataclasses.replace(spec, temperature=1.0)
    recipe = dataclasses.replace(recipe, embedding_dim=spec.network.embedding_dim)
    rng = np.random.default_rng(estimator.random_state)
    learner = KernelLearner(spec.network, tensors, recipe, rng=rng, threads=estimator.threads)
    unending = Unending(recipe, learner, spec, estimator.random_state)
    return unending, fitted.classes, fitted.model


def _fitted(unending: Unending, known: Any, estimator: Any) -> Fitted:
    tensors = {name: tensor.copy() for name, tensor in unending.learner.tensors().items()}
    spec, several = unending.spec, unending.spec.network.multilabel
    facts = {
        **{name: spec.training[name] for name in _OF_THE_START if name in spec.training},
        **training_facts(
            *(estimator, unending.recipe, spec.labels, several, unending.texts_of, unending.cut)
        ),
        "parts": len(unending.history),
        "validation": None,
        "seconds": round(unending.seconds, 2),
    }
    spec = dataclasses.replace(spec, training=facts, quality={})
    model = Model(spec, tensors)
    return Fitted(known, model, tensors, unending.history, unending.cut, unending.seconds)
