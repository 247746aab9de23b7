"""Small networks of every kind, with weights large enough that a mistake shows."""

from __future__ import annotations

from itertools import product

import numpy as np

from bothways.artifact import LayerSpec, NetworkSpec, Spec, VectorizerSpec

TEXTS = ["a b c d", "", "x", "Q, R; s T! u V", "b " * 11, "unheard words and b"]
"""No text is longer than an unmasked network of `made` reads."""

WORDS = ("", "[UNK]", *"abcdefghijklmnopqrstuvwxyz")

KINDS = [
    (bidirectional, merge, pooling, layers)
    for bidirectional, merge in [
        (False, "concat"),
        *product([True], ["concat", "sum", "mul", "ave"]),
    ]
    for pooling in ("last", "mean", "max")
    for layers in (1, 2, 3)
]

LOWER = [
    *((LayerSpec(4, True, merge),) for merge in ("concat", "sum", "mul", "ave")),
    (LayerSpec(4, False, "concat"), LayerSpec(3, True, "mul")),
]
"""What may lie below a last layer that is not like them."""


def made(
    kind,
    *,
    mask=True,
    outputs=1,
    multilabel=False,
    temperature=1.0,
    lower=(),
    zero_under=0,
    **vectorizer,
):
    """A spec and tensors of a kind of `KINDS`."""
    bidirectional, merge, pooling, layers = kind
    labels = tuple(f"label {n}" for n in range(max(2, outputs)))
    network = NetworkSpec(
        *(5, 7, bidirectional, merge, pooling, outputs),
        mask=mask,
        layers=len(lower) + 1 if lower else layers,
        lower_layers=lower,
        zero_under=zero_under,
        multilabel=multilabel,
    )
    options = {
        "max_tokens": None,
        "standardize": "lower_and_strip_punctuation",
        "split": "whitespace",
        "output_sequence_length": None if mask else 12,
        "unicode": False,
        "vocabulary": WORDS,
    } | vectorizer
    spec = Spec(
        task="multilabel" if multilabel else "classification",
        labels=labels,
        vectorizer=VectorizerSpec(**options),
        network=network,
        temperature=temperature,
        training={"imported": {"program": "a test", "source": "nothing"}},
    )
    rng = np.random.default_rng(7)
    shapes = spec.tensor_shapes.items()
    tensors = {name: rng.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes}
    tensors["dense.kernel"] *= 5
    return spec, tensors
