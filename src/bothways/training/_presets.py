"""Recipes as plain data: print one, change one with `dataclasses.replace`, pass it back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Preset:
    """Everything that decides what a training run does, but for the data and the seed.

    `max_tokens` words are kept and texts are cut at `length` tokens (None: never), and
    `truncate` says which are kept: see `bothways.TextVectorizer`. `mask` False fills texts with
    zeros up to `length` and reads them, as an unmasked model does.
    `adversarial` is the distance by which each text is moved to be read a second time, at twice
    the cost of a step: see `bothways.training.ClassifierNetwork`. With
    `word_vectors="learned"` the embedding begins with what `bothways.vectors.learn_vectors`
    finds in the training texts. `schedule` is the learning rate over time: `constant`, or
    `one-cycle`, which rises to `learning_rate` and falls to nothing at the last step.
    `weight_decay` is for `adamw` alone. `precision` is that of the products on the CPU. With
    `checkpoint` back-propagation keeps the states of every so many steps and computes those
    between again: less memory for very long texts, a third more work, the same bits. `bucket`:
    see `bothways.data.batches`. Of few texts there are more than `epochs` passes, up to ten
    times as many, for `least_steps` steps in all. Training stops early after `patience` epochs
    without a better validation, which a rate that falls to nothing at the end hardly needs. The
    dropout rates, `layers` and `merge`: see `bothways.artifact.NetworkSpec`.
    """

    name: str
    max_tokens: int | None = 20_000
    length: int | None = 600
    truncate: Literal["head", "tail", "middle"] = "head"
    embedding_dim: int = 256
    hidden_size: int = 32
    layers: int = 1
    bidirectional: bool = True
    merge: Literal["concat", "sum", "mul", "ave"] = "concat"
    pooling: Literal["last", "mean", "max"] = "last"
    mask: bool = True
    dropout: float = 0.5
    embedding_dropout: float = 0.0
    input_dropout: float = 0.0
    layer_dropout: float = 0.0
    word_dropout: float = 0.0
    adversarial: float = 0.0
    word_vectors: Literal["random", "learned"] = "random"
    optimizer: Literal["rmsprop", "adam", "adamw"] = "rmsprop"
    weight_decay: float = 0.0
    precision: Literal["f32", "bf16"] = "f32"
    checkpoint: int | None = None
    learning_rate: float = 1e-3
    schedule: Literal["constant", "one-cycle"] = "constant"
    batch_size: int = 32
    bucket: int | None = None
    epochs: int = 10
    least_steps: int = 0
    patience: int = 3


CLASSIC = Preset("classic")
"""The classic model to the letter: 20,000 tokens, cut at 600, Embedding(256),
Bidirectional(LSTM(32)), Dropout(0.5), RMSprop as Keras defines it, batches of 32."""

FAST = Preset(
    "fast",
    max_tokens=50_000,
    length=None,
    embedding_dim=64,
    hidden_size=32,
    pooling="max",
    dropout=0.3,
    embedding_dropout=0.3,
    word_dropout=0.2,
    word_vectors="learned",
    learning_rate=4e-3,
    schedule="one-cycle",
    bucket=20,
    epochs=4,
    least_steps=2_000,
    patience=1_000,
)
"""The default: the best that was found within about 20 seconds on 25,000 reviews."""

ACCURATE = replace(
    FAST,
    name="accurate",
    embedding_dim=128,
    hidden_size=64,
    adversarial=0.3,
    learning_rate=3e-3,
    epochs=6,
    least_steps=3_000,
)
"""More of everything that was found to pay on 25,000 reviews within five minutes."""

PRESETS = {preset.name: preset for preset in (CLASSIC, FAST, ACCURATE)}


def for_texts(recipe: Preset, texts: int) -> Preset:
    """The recipe with as many epochs as it has for so many training texts: at most ten times
    its own."""
    steps = math.ceil(texts / recipe.batch_size)
    wanted = math.ceil(recipe.least_steps / max(1, steps))
    epochs = max(recipe.epochs, min(wanted, 10 * recipe.epochs))
    return replace(recipe, epochs=epochs, least_steps=0)
