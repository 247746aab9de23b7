"""Whether a trained model gets a temperature, and which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import runtime
from bothways.artifact import Spec
from bothways.errors import ArgumentError
from bothways.training import CALIBRATION_TEXTS, HeldOut, fit_calibration

MOST_TEXTS = 50_000
"""Held-out texts that a temperature is fitted on at most, about; more hardly change it."""


def wants_calibration(estimator: Any, found: int) -> bool:
    """Whether to calibrate: as `estimator.calibrate` says, or, if it is None, where that can be.
    `found` texts of the validation part count.

    Raises `ArgumentError` for True without a validation part of `CALIBRATION_TEXTS` texts that
    count.
    """
    wanted = estimator.calibrate
    if wanted not in (None, True, False):
        raise ArgumentError(f"calibrate must be True, False or None, got {wanted!r}")
    least = CALIBRATION_TEXTS
    if wanted and found < least:
        raise ArgumentError(
            f"calibrate=True expects a validation part of at least {least} texts, got {found}"
        )
    return wanted is not False and found >= least


def calibrate(
    spec: Spec,
    tensors: Mapping[str, NDArray[np.float32]],
    held_out: HeldOut,
    seed: int,
    threads: int,
) -> dict[str, Any]:
    """The facts of `bothways.training.fit_calibration` on the validation part."""
    network = runtime.Network(spec.network, tensors)
    parts = []
    for ids, truth, weights in held_out.pieces(MOST_TEXTS):
        if weights is not None:
            counted = np.flatnonzero(weights > 0)
            ids, truth, weights = ids.take(counted), truth[counted], weights[counted]
        parts.append((network.logits(ids, threads=threads), truth, weights))
    logits, truths, counts = zip(*parts, strict=True)
    weights = np.concatenate(counts) if held_out.weighted else None
    return fit_calibration(np.concatenate(logits), np.concatenate(truths), weights, seed=seed)
