"""Whether a trained model gets a temperature, and which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import runtime
from bothways.artifact import Spec
from bothways.errors import ArgumentError
from bothways.estimators._parts import Part
from bothways.training import CALIBRATION_TEXTS, Examples, fit_calibration


def wants_calibration(estimator: Any, multilabel: bool, valid: Part | None) -> bool:
    """Whether to calibrate: as `estimator.calibrate` says, or, if it is None, where that can be.

    Raises `ArgumentError` for True where it cannot: without a validation part of
    `CALIBRATION_TEXTS` texts that count, or where a text may have several labels.
    """
    wanted = estimator.calibrate
    if wanted not in (None, True, False):
        raise ArgumentError(f"calibrate must be True, False or None, got {wanted!r}")
    found = 0 if valid is None else len(valid.texts)
    if valid is not None and valid.weights is not None:
        found = int((valid.weights > 0).sum())
    least = CALIBRATION_TEXTS
    if wanted and multilabel:
        raise ArgumentError(
            "calibrate=True expects one label for each text; where a text may have several, "
            "their probabilities are not calibrated"
        )
    if wanted and found < least:
        raise ArgumentError(
            f"calibrate=True expects a validation part of at least {least} texts, got {found}"
        )
    return wanted is not False and not multilabel and found >= least


def calibrate(
    spec: Spec,
    tensors: Mapping[str, NDArray[np.float32]],
    held_out: Examples,
    seed: int,
    threads: int,
) -> dict[str, Any]:
    """The facts of `bothways.training.fit_calibration` on the validation part."""
    ids, truth, weights = held_out
    if weights is not None:
        counted = np.flatnonzero(weights > 0)
        ids, truth, weights = ids.take(counted), truth[counted], weights[counted]
    logits = runtime.Network(spec.network, tensors).logits(ids, threads=threads)
    return fit_calibration(logits, truth, weights, seed=seed)
