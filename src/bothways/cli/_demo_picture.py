"""The picture of the demo: what padding does to a state that reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bothways.errors import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bothways.runtime import Model

TWINS = (
    "the film would be a triumph the critics wrote and they were right",
    "the film would be a triumph the critics wrote and they were wrong",
)


def draw_fading(masked: Model, unmasked: Model, path: Path) -> None:
    """How far apart the forward states of two texts are that differ in their last word.

    One curve for the model that never computes padding, whose state is what it was after the
    last word, and one for the model that goes on reading zeros.
    """
    matplotlib = require("matplotlib", extra="train", purpose="the picture of the demo")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    length = unmasked.spec.vectorizer.output_sequence_length or 0
    words = len(masked.vectorizer.tokens(TWINS[0]))
    with_mask, without = _distance(masked), _distance(unmasked)
    figure, axes = plt.subplots(figsize=(9, 4.2), dpi=130, layout="constrained")
    axes.axvspan(words, length, color="#f2f2f2")
    axes.plot(
        np.arange(words, length + 1),
        np.full(length + 1 - words, with_mask[-1]),
        color="#1b6ca8",
        linestyle=(0, (4, 2)),
    )
    axes.plot(np.arange(1, words + 1), with_mask, color="#1b6ca8", label="padding never computed")
    axes.plot(np.arange(1, length + 1), without, color="#c8553d", label="padding read as zeros")
    top = max(with_mask.max(), without.max())
    axes.text(words + 2, top * 1.04, f"padding: {length - words} steps", color="#777777")
    axes.set(
        xlabel="steps read",
        ylabel="distance between the two forward states",
        title="“... and they were right” against “... and they were wrong”",
        xlim=(1, length),
        ylim=(0, top * 1.12),
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center right")
    figure.savefig(path)
    plt.close(figure)


def _distance(model: Model) -> NDArray[np.float32]:
    """Per step, the Euclidean distance of the twins' forward states."""
    first, second = (model.network.outputs(model.encode([text])[0]) for text in TWINS)
    H = model.spec.network.hidden_size
    return np.linalg.norm((first - second)[:, :H], axis=1)
