"""From texts and labels to a model, in the order in which it happens."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target

from bothways import kernels, runtime
from bothways.artifact import NetworkSpec, Spec, VectorizerSpec
from bothways.data import Dataset, fingerprint, split
from bothways.errors import ArgumentError, DataError
from bothways.estimators._vectors import coverage, vectors_of
from bothways.estimators._weights import (
    Weights,
    checked_weights,
    class_weights,
    text_weights,
    weight_facts,
)
from bothways.kernels import default_threads
from bothways.runtime import Model, as_read
from bothways.text import TextVectorizer, Truncation
from bothways.training import Examples, History, Preset, Watcher, fit, new_learner, preset
from bothways.vectors import learn_vectors


class Fitted(NamedTuple):
    """What a training run leaves: `classes (C,)`, the model, its weights and its story.

    `extras` are further files of the model's folder, by name.
    """

    classes: NDArray[Any]
    model: Model
    tensors: dict[str, NDArray[np.float32]]
    history: History
    truncation: Truncation
    seconds: float
    extras: Mapping[str, bytes] | None = None


class Part(NamedTuple):
    """`N` texts, the places of their labels `(N,)`, and the texts' own weights `(N,)`, if any."""

    texts: list[str]
    codes: NDArray[np.int64]
    weights: Weights | None


def fit_texts(
    estimator: Any, X: Any, y: Any, sample_weight: Any, valid: Any, watcher: Watcher | None
) -> Fitted:
    """Vectorize, hold out, train, and build the runtime model."""
    started = time.perf_counter()
    recipe = recipe_of(estimator)
    threads = estimator.threads or default_threads()
    texts, labels = checked(X, y)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise DataError(
            f"a classifier needs two or more labels (classes) to tell apart, got {len(classes)}"
            + (f": {classes[0]!r} alone, 1 class" if len(classes) else "")
        )
    everything = Part(texts, codes, checked_weights(sample_weight, len(texts)))
    train_part, valid_part = _hold_out(estimator, everything, classes, valid)
    of_classes = None
    if estimator.class_weight is not None:
        of_classes = class_weights(estimator.class_weight, train_part.codes, classes)
    weights = text_weights(train_part.weights, of_classes, train_part.codes, "training")
    vectorizer = TextVectorizer(recipe.max_tokens, output_sequence_length=recipe.length)
    vectorizer.adapt(train_part.texts)
    of_preset = recipe
    recipe, vectors = vectors_of(estimator, recipe, vectorizer)
    spec = _spec(recipe, vectorizer, classes)
    ids, truncation = vectorizer.encode(train_part.texts, threads=threads)
    covered = coverage(estimator, of_preset, vectors, ids)
    if vectors is None and recipe.word_vectors == "learned":
        width = recipe.embedding_dim
        vectors = learn_vectors(ids, vectorizer.vocabulary_size, width, seed=estimator.random_state)
    # A mean weight of 1 keeps the steps as long as without weights: only ratios count.
    scale = 1.0 if weights is None else weights.mean()
    train = Examples(as_read(ids, spec), train_part.codes, _scaled(weights, scale))
    held_out = None
    if valid_part is not None:
        ids, _ = vectorizer.encode(valid_part.texts, threads=threads)
        weights = text_weights(valid_part.weights, of_classes, valid_part.codes, "validation")
        held_out = Examples(as_read(ids, spec), valid_part.codes, _scaled(weights, scale))

    seed = estimator.random_state
    with new_learner(
        spec.network,
        vectorizer.vocabulary_size,
        recipe,
        seed=seed,
        threads=threads,
        device=estimator.device,
        vectors=vectors,
    ) as learner:
        history = fit(learner, train, held_out, recipe, seed=seed, threads=threads, watcher=watcher)
        tensors = learner.tensors()
    kernels.trim_memory()
    seconds = time.perf_counter() - started
    spec = dataclasses.replace(
        spec,
        training={
            **_rounding(spec, tensors, train if held_out is None else held_out, recipe),
            **covered,
            **weight_facts(everything.weights, of_classes, classes),
            **_training_facts(estimator, recipe, train.labels, classes, truncation, seconds),
            "validation": None if valid is not None else estimator.validation,
            "fingerprint": fingerprint(Dataset(texts, [str(v) for v in labels.tolist()], "")),
        },
        quality=_quality(history, held_out),
    )
    return Fitted(classes, Model(spec, tensors), tensors, history, truncation, seconds)


def recipe_of(estimator: Any) -> Preset:
    """The estimator's preset with its own epochs, precision and checkpoint, checked."""
    recipe = preset(estimator.preset) if isinstance(estimator.preset, str) else estimator.preset
    if not isinstance(recipe, Preset):
        raise ArgumentError(f"preset must be a name or a Preset, got {recipe!r}")
    if estimator.epochs is not None:
        if not isinstance(estimator.epochs, int) or estimator.epochs < 1:
            raise ArgumentError(f"epochs must be a whole number from 1, got {estimator.epochs!r}")
        recipe = dataclasses.replace(recipe, epochs=estimator.epochs)
    if estimator.precision is not None:
        kernels.precision_used(estimator.precision)  # refuses what is none
        recipe = dataclasses.replace(recipe, precision=estimator.precision)
    if estimator.checkpoint is not None:
        recipe = dataclasses.replace(recipe, checkpoint=estimator.checkpoint)
    return recipe


def as_list(X: Any) -> Any:
    """Texts as the vectorizer takes them: a column of texts `(N, 1)` counts as `N` texts."""
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) == 2:
        if shape[1] != 1:
            raise DataError(f"expected one column of texts, got an array of shape {tuple(shape)}")
        X = X.iloc[:, 0] if hasattr(X, "iloc") else np.asarray(X)[:, 0]
    return X


def checked(X: Any, y: Any) -> tuple[list[str], NDArray[Any]]:
    """Texts as a list and labels as an array `(N,)` of the same length."""
    X = as_list(X)
    if isinstance(X, str) or not hasattr(X, "__len__") or not hasattr(X, "__iter__"):
        raise DataError(f"expected a list of texts, got {type(X).__name__}")
    texts = X.to_pylist() if hasattr(X, "to_pylist") else list(X)
    if y is None:
        raise DataError("requires y to be passed, but the target y is None")
    labels = np.asarray(y.to_pylist() if hasattr(y, "to_pylist") else y)
    if labels.ndim != 1 or len(labels) != len(texts):
        raise DataError(
            f"expected one label for each of {len(texts)} texts, got labels of shape {labels.shape}"
        )
    missing = [n for n, v in enumerate(labels.tolist()) if v is None or v != v]
    if missing:
        raise DataError(f"{len(missing)} labels are missing, the first at place {missing[0]}")
    kind = type_of_target(labels, input_name="y") if len(labels) else "binary"
    if kind not in ("binary", "multiclass"):
        raise DataError(
            f"Unknown label type: {kind}; a label is a string, a whole number or a bool"
        )
    if not texts:
        raise DataError("there are no texts; a classifier needs texts to learn from")
    return texts, labels


def _hold_out(estimator, everything: Part, classes, valid) -> tuple[Part, Part | None]:
    """The training part and the validation part, if there is one."""
    if valid is not None:
        valid_texts, valid_labels = checked(*valid[:2])
        unknown = sorted({str(v) for v in valid_labels.tolist()} - {str(c) for c in classes})
        if unknown:
            raise DataError(
                f"the validation part has the label {unknown[0]!r}, which no training text has"
            )
        weights = checked_weights(valid[2] if len(valid) > 2 else None, len(valid_texts))
        return everything, Part(valid_texts, np.searchsorted(classes, valid_labels), weights)
    if estimator.validation is None:
        return everything, None
    texts, codes, weights = everything
    names = [str(classes[c]) for c in codes]
    parts = split(names, estimator.validation, estimator.random_state)
    train, held_out = (
        Part([texts[n] for n in rows], codes[rows], None if weights is None else weights[rows])
        for rows in parts
    )
    return train, held_out


def _scaled(weights: Weights | None, scale: float) -> NDArray[np.float32] | None:
    return None if weights is None else (weights / scale).astype(np.float32)


def _spec(recipe: Preset, vectorizer: TextVectorizer, classes: NDArray[Any]) -> Spec:
    return Spec(
        task="classification",
        labels=tuple(str(c) for c in classes.tolist()),
        vectorizer=VectorizerSpec(
            **vectorizer.get_config(), vocabulary=tuple(vectorizer.get_vocabulary())
        ),
        network=NetworkSpec(
            embedding_dim=recipe.embedding_dim,
            hidden_size=recipe.hidden_size,
            bidirectional=recipe.bidirectional,
            merge=recipe.merge,
            pooling=recipe.pooling,
            outputs=1 if len(classes) == 2 else len(classes),
            mask=recipe.mask,
            dropout=recipe.dropout,
            embedding_dropout=recipe.embedding_dropout,
            word_dropout=recipe.word_dropout,
            layers=recipe.layers,
            input_dropout=recipe.input_dropout,
            layer_dropout=recipe.layer_dropout,
        ),
    )


def _training_facts(estimator, recipe, codes, classes, truncation, seconds) -> dict[str, Any]:
    counts = Counter(codes.tolist())
    return {
        "recipe": dataclasses.asdict(recipe),
        "seed": int(estimator.random_state),
        "texts": len(codes),
        "labels": {str(c): counts[n] for n, c in enumerate(classes.tolist())},
        "tokens": truncation.tokens,
        "cut_texts": truncation.cut_texts,
        "cut_tokens": truncation.cut_tokens,
        "seconds": round(seconds, 2),
    }


def _rounding(spec, tensors, examples, recipe) -> dict[str, Any]:
    """What bfloat16 does to the model: probabilities of some texts in it, and in float32."""
    if recipe.precision == "f32":
        return {}
    ids = examples.ids.slice(0, 1000)
    exact, rounded = (
        runtime.Network(spec.network, tensors, precision=precision).probabilities(ids)
        for precision in ("f32", "bf16")
    )
    apart = np.abs(rounded - exact).max(axis=1, initial=0)
    return {
        "bf16": {
            "computed_in": kernels.precision_used("bf16"),
            "tier": kernels.isa(),
            "texts": len(ids),
            "largest_difference": float(apart.max(initial=0)),
            "mean_difference": float(apart.mean()) if len(ids) else 0.0,
            "other_labels": int((rounded.argmax(axis=1) != exact.argmax(axis=1)).sum()),
        }
    }


def _quality(history: History, held_out: Examples | None) -> dict[str, Any]:
    best = history.best
    if held_out is None or best is None or best.valid_accuracy is None:
        return {}
    return {
        **({} if held_out.weights is None else {"weighted": True}),
        "held_out_texts": len(held_out.labels),
        "accuracy": best.valid_accuracy,
        "log_loss": best.valid_loss,
        "epoch": best.epoch,
    }
