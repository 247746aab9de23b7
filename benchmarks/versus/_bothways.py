"""The classic model as Bothways names its parts."""

import numpy as np
from _classic import DROPOUT, HIDDEN, INPUT, first_weights

from bothways.artifact import NetworkSpec


def classic_spec():
    """Embedding, both directions joined at their last states, one sigmoid."""
    return NetworkSpec(INPUT, HIDDEN, True, "concat", "last", 1, dropout=DROPOUT)


def classic_tensors():
    """The weights that every peer starts from."""
    w = first_weights()
    ways = ("forward", "backward")
    return {
        "embedding.weight": w["embedding"],
        "lstm.kernel": np.concatenate([w[f"{way}_kernel"] for way in ways], axis=1),
        "lstm.recurrent_kernel": np.stack([w[f"{way}_recurrent_kernel"] for way in ways]),
        "lstm.bias": np.concatenate([w[f"{way}_bias"] for way in ways]),
        "dense.kernel": w["dense_kernel"],
        "dense.bias": w["dense_bias"],
    }
