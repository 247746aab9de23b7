"""Everything a training run is given, whatever it was read from; and what the run leaves."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import kernels, runtime
from bothways.artifact import Spec
from bothways.estimators._calibrate import calibrate
from bothways.kernels import default_threads
from bothways.runtime import Model
from bothways.text import Truncation
from bothways.training import (
    Examples,
    HeldOut,
    History,
    Preset,
    Ranks,
    Source,
    UnfinishedRun,
    Watcher,
    check_agreement,
    fit,
    new_learner,
)
from bothways.vectors import Vectors

Tensors = dict[str, NDArray[np.float32]]


class Ready(NamedTuple):
    """`classes (C,)`, the recipe as it will be followed, the model's spec without its training, the
    texts to learn from and those held out, what the weights begin with (`vectors`, `place`),
    `facts` for the spec, and the `key` of the run: see `bothways.training.UnfinishedRun.agree`.
    `calibrated`: whether to fit a temperature. `some` are texts to measure roundings on.
    """

    classes: NDArray[Any]
    recipe: Preset
    spec: Spec
    train: Source
    held_out: HeldOut | None
    vectors: Vectors | None
    place: Callable[[Tensors], None] | None
    facts: Mapping[str, Any]
    key: Callable[[], Mapping[str, Any]]
    truncation: Truncation
    calibrated: bool
    some: Examples


class Fitted(NamedTuple):
    """What a training run leaves: `classes (C,)`, the model, its weights and its story.

    `extras` are further files of the model's folder, by name.
    """

    classes: NDArray[Any]
    model: Model
    tensors: Tensors
    history: History
    truncation: Truncation
    seconds: float
    extras: Mapping[str, bytes] | None = None


def train_ready(
    estimator: Any,
    ready: Ready,
    started: float,
    watcher: Watcher | None,
    run: UnfinishedRun | None,
    ranks: Ranks | None = None,
) -> Fitted:
    """Train, and build the runtime model; `started` by `time.perf_counter`."""
    spec, recipe, held_out = ready.spec, ready.recipe, ready.held_out
    seed, threads = estimator.random_state, estimator.threads or default_threads()
    key = {} if run is None and ranks is None else ready.key()
    if ranks is not None:
        check_agreement(ranks, key, recipe.batch_size)
    if run is not None:
        run.agree(key)
    with new_learner(
        spec.network,
        len(spec.vectorizer.vocabulary),
        recipe,
        seed=seed,
        threads=threads,
        device=estimator.device,
        vectors=ready.vectors,
        place=ready.place,
        ranks=ranks,
    ) as learner:
        how: dict[str, Any] = {"seed": seed, "threads": threads, "watcher": watcher}
        history = fit(learner, ready.train, held_out, recipe, run=run, ranks=ranks, **how)
        tensors = learner.tensors()
    kernels.trim_memory()
    quality = _quality(history, held_out)
    if ready.calibrated and quality and held_out is not None:
        quality["calibration"] = calibrate(spec, tensors, held_out, seed, threads)
        spec = dataclasses.replace(spec, temperature=quality["calibration"]["temperature"])
    seconds = time.perf_counter() - started
    facts = {**_rounding(spec, tensors, ready.some, recipe), **ready.facts}
    if ranks is not None:
        facts["ranks"] = ranks.size
    spec = dataclasses.replace(
        spec, training={**facts, "seconds": round(seconds, 2)}, quality=quality
    )
    model = Model(spec, tensors)
    return Fitted(ready.classes, model, tensors, history, ready.truncation, seconds)


def _rounding(spec: Spec, tensors: Tensors, examples: Examples, recipe: Preset) -> dict[str, Any]:
    """What bfloat16 does to the model: probabilities of some texts in it, and in float32."""
    if recipe.precision == "f32":
        return {}
    ids = examples.ids.slice(0, 1000)
    exact, rounded = (
        runtime.Network(
            spec.network, tensors, precision=precision, temperature=spec.temperature
        ).probabilities(ids)
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
            "other_labels": int((_answers(rounded, spec) != _answers(exact, spec)).sum()),
        }
    }


def _answers(probabilities, spec) -> NDArray[Any]:
    several = spec.network.multilabel
    return runtime.present(probabilities, spec) if several else probabilities.argmax(axis=1)


def _quality(history: History, held_out: HeldOut | None) -> dict[str, Any]:
    best = history.best
    if held_out is None or best is None or best.valid_accuracy is None:
        return {}
    return {
        **({"weighted": True} if held_out.weighted else {}),
        "held_out_texts": held_out.texts,
        "accuracy": best.valid_accuracy,
        **({} if best.valid_f1 is None else {"micro_f1": best.valid_f1}),
        "log_loss": best.valid_loss,
        "epoch": best.epoch,
    }
