"""From texts and labels to a model, in the order in which it happens."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.artifact import Spec, VectorizerSpec
from bothways.data import Dataset, fingerprint
from bothways.errors import ArgumentError
from bothways.estimators._calibrate import wants_calibration
from bothways.estimators._key import run_key
from bothways.estimators._parts import Part, checked_texts, hold_out, label_sets
from bothways.estimators._ready import Fitted, Ready, train_ready
from bothways.estimators._start import Start, recoded, start_of
from bothways.estimators._targets import Codes, Targets, targets_of
from bothways.estimators._unlabeled import checked_unlabeled
from bothways.estimators._vectors import coverage, learned, vectors_of
from bothways.estimators._weights import (
    Weights,
    checked_weights,
    class_weights,
    label_sums,
    text_weights,
    weight_facts,
)
from bothways.kernels import default_threads
from bothways.runtime import as_read
from bothways.text import TextVectorizer, Truncation
from bothways.training import (
    Examples,
    Preset,
    Ranks,
    UnfinishedRun,
    Watcher,
    for_texts,
    network_of,
    preset,
    prior_bias,
)


def fit_texts(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    valid: Any,
    watcher: Watcher | None,
    unlabeled: Any = None,
    run: UnfinishedRun | None = None,
    held_out: Any = None,
    ranks: Ranks | None = None,
) -> Fitted:
    """Vectorize, hold out, train, and build the runtime model."""
    started = time.perf_counter()
    ready = prepared(estimator, X, y, sample_weight, valid, unlabeled, held_out=held_out)
    return train_ready(estimator, ready, started, watcher, run, ranks)


def prepared(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    valid: Any,
    unlabeled: Any,
    classes: Any = None,
    held_out: Any = None,
) -> Ready:
    """Check everything, hold out, and turn texts, labels and weights into arrays.

    `classes` are all labels there may be, if the texts need not have all of them.
    """
    start = start_of(estimator)
    recipe = recipe_from(estimator, start)
    others = checked_unlabeled(estimator, recipe, unlabeled)
    threads = estimator.threads or default_threads()
    texts = checked_texts(X)
    targets = targets_of(y, len(texts), classes)
    everything = Part(texts, targets.codes, checked_weights(sample_weight, len(texts)))
    train_part, valid_part = hold_out(estimator, everything, targets, valid, held_out)
    calibrated = wants_calibration(estimator, _counted(valid_part))
    several, own = targets.multilabel, everything.weights
    spread = None if own is None else (own.min(), own.max())
    texts_of = label_counts(train_part.codes, len(targets.classes))
    of_classes = None
    if estimator.class_weight is not None:
        in_all = len(train_part.texts)
        of_classes = class_weights(
            estimator.class_weight, texts_of, in_all, several, targets.classes
        )
    weights = text_weights(train_part.weights, of_classes, train_part.codes, "training")
    known, places = targets, np.arange(len(targets.classes))
    if start is None:
        vectorizer = vectorizer_of(recipe).adapt([*train_part.texts, *others])
    else:
        start.check(recipe)
        start.check_several(targets.multilabel)
        classes, places = start.labels(targets)
        known = Targets(classes, targets.codes)
        vectorizer = start.vectorizer(recipe, [*train_part.texts, *others])
    of_preset = recipe
    recipe, vectors = vectors_of(estimator, recipe, vectorizer)
    spec = spec_of(recipe, vectorizer, known.names, known.multilabel)
    ids, truncation = vectorizer.encode(train_part.texts, threads=threads)
    recipe = for_texts(recipe, len(ids), len(ids.values))
    covered = coverage(estimator, of_preset, vectors, ids)
    seed = estimator.random_state
    if vectors is None and start is None:
        vectors = learned(recipe, vectorizer, ids, train_part.codes, others, seed, threads)
    # A mean weight of 1 keeps the steps as long as without weights: only ratios count.
    scale = 1.0 if weights is None else weights.mean()
    scaled = None if weights is None else weights / scale
    sums = label_sums(train_part.codes, len(targets.classes), scaled)
    codes = recoded(train_part.codes, places, len(known.classes))
    train = Examples(as_read(ids, spec), codes, _scaled(weights, scale))
    valid_examples = None
    if valid_part is not None:
        ids, _ = vectorizer.encode(valid_part.texts, threads=threads)
        # Of several labels, weights act on the loss alone: a metric weighs texts.
        of_texts = None if targets.multilabel else of_classes
        weights = text_weights(valid_part.weights, of_texts, valid_part.codes, "validation")
        codes = recoded(valid_part.codes, places, len(known.classes))
        valid_examples = Examples(as_read(ids, spec), codes, _scaled(weights, scale))

    of_data = fingerprint(_as_dataset(texts, targets))
    return Ready(
        classes=known.classes,
        recipe=recipe,
        spec=spec,
        train=train,
        held_out=valid_examples,
        vectors=vectors,
        place=(
            partial(place_prior, recipe, sums)
            if start is None
            else partial(start.place, known.names)
        ),
        facts={
            **covered,
            **({} if start is None else start.facts(known.names, targets.names, vectorizer)),
            **({"unlabeled_texts": len(others)} if others else {}),
            **weight_facts(spread, of_classes, targets.names),
            **training_facts(
                *(estimator, recipe, known.names, several),
                label_counts(train.labels, len(known.classes)),
                truncation,
            ),
            "validation": None if valid is not None else estimator.validation,
            "fingerprint": of_data,
        },
        key=partial(run_key, estimator, recipe, of_data, vectorizer, train, valid_examples),
        truncation=truncation,
        calibrated=calibrated,
        some=train if valid_examples is None else valid_examples,
    )


def place_prior(
    recipe: Preset, sums: tuple[Weights, Weights | None], first: dict[str, NDArray[np.float32]]
) -> None:
    """Put into the `first` weights what the recipe begins with for labels that weigh `sums`."""
    if recipe.output_bias == "prior":
        first["dense.bias"][...] = prior_bias(*sums)


def recipe_of(estimator: Any) -> Preset:
    """The estimator's preset with what it overrides of it, checked."""
    return recipe_from(estimator, start_of(estimator))


def recipe_from(estimator: Any, start: Start | None) -> Preset:
    """The same where the model that the estimator starts from, if any, is read already."""
    recipe = estimator.preset
    if recipe is None:
        recipe = "fast" if start is None else start.recipe
    if isinstance(recipe, str):
        recipe = preset(recipe)
    if not isinstance(recipe, Preset):
        raise ArgumentError(f"preset must be a name or a Preset, got {recipe!r}")
    if estimator.epochs is not None:
        if not isinstance(estimator.epochs, int) or estimator.epochs < 1:
            raise ArgumentError(f"epochs must be a whole number from 1, got {estimator.epochs!r}")
        recipe = dataclasses.replace(recipe, epochs=estimator.epochs, least_steps=0)
    if estimator.precision is not None:
        kernels.precision_used(estimator.precision)  # refuses what is none
        recipe = dataclasses.replace(recipe, precision=estimator.precision)
    if estimator.checkpoint is not None:
        recipe = dataclasses.replace(recipe, checkpoint=estimator.checkpoint)
    if estimator.max_length is not None:
        recipe = dataclasses.replace(recipe, length=estimator.max_length)
    if estimator.truncate is not None:
        recipe = dataclasses.replace(recipe, truncate=estimator.truncate)
    if estimator.directions is not None:
        if estimator.directions not in ("both", "forward"):
            raise ArgumentError(
                f"directions must be 'both' or 'forward', got {estimator.directions!r}"
            )
        recipe = dataclasses.replace(recipe, bidirectional=estimator.directions == "both")
    if estimator.lookahead is not None:
        recipe = dataclasses.replace(recipe, lookahead=estimator.lookahead)
    return recipe


def _scaled(weights: Weights | None, scale: float) -> NDArray[np.float32] | None:
    return None if weights is None else (weights / scale).astype(np.float32)


def _as_dataset(texts: list[str], targets: Targets) -> Dataset:
    """The texts and labels as `read` gives them, for their fingerprint."""
    if targets.multilabel:
        return Dataset(texts, None, "", label_sets=label_sets(targets))
    names = targets.names
    return Dataset(texts, [names[c] for c in targets.codes.tolist()], "")


def vectorizer_of(recipe: Preset) -> TextVectorizer:
    """That of the recipe, without words."""
    return TextVectorizer(
        recipe.max_tokens,
        standardize=recipe.standardize,
        output_sequence_length=recipe.length,
        truncate=recipe.truncate,
    )


def spec_of(
    recipe: Preset, vectorizer: TextVectorizer, labels: Sequence[str], several: bool
) -> Spec:
    """The model that the recipe makes, before it is trained."""
    return Spec(
        task="multilabel" if several else "classification",
        labels=tuple(labels),
        vectorizer=VectorizerSpec(
            **vectorizer.get_config(), vocabulary=tuple(vectorizer.get_vocabulary())
        ),
        network=network_of(
            recipe,
            outputs=1 if len(labels) == 2 and not several else len(labels),
            multilabel=several,
        ),
    )


def label_counts(codes: Codes, classes: int) -> NDArray[np.int64]:
    """How many texts have each label, `(C,)`."""
    return codes.sum(axis=0) if codes.ndim == 2 else np.bincount(codes, minlength=classes)


def training_facts(
    estimator: Any,
    recipe: Preset,
    names: Sequence[str],
    several: bool,
    texts_of: NDArray[np.int64],
    cut: Truncation,
) -> dict[str, Any]:
    """What the spec says of any training, on `cut.texts` texts, of which `texts_of (C,)` have
    each label."""
    return {
        **({"labels_a_text": float(texts_of.sum() / cut.texts)} if several else {}),
        "recipe": dataclasses.asdict(recipe),
        "seed": int(estimator.random_state),
        "texts": cut.texts,
        "labels": dict(zip(names, texts_of.tolist(), strict=True)),
        "tokens": cut.tokens,
        "cut_texts": cut.cut_texts,
        "cut_tokens": cut.cut_tokens,
    }


def _counted(part: Part | None) -> int:
    """How many texts of the part count."""
    if part is None:
        return 0
    return len(part.texts) if part.weights is None else int((part.weights > 0).sum())
