"""Recipes as plain data: print one, change one with `dataclasses.replace`, pass it back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

Standardize: TypeAlias = Literal[
    "lower_and_strip_punctuation",
    "lower_and_split_at_punctuation",
    "lower",
    "strip_punctuation",
    None,
]


@dataclass(frozen=True)
class Preset:
    """Everything that decides what a training run does, but for the data and the seed.

    `max_tokens` words are kept and texts are cut at `length` tokens (None: never), `truncate`
    says which are kept, and `standardize` what a word is: see `bothways.TextVectorizer`.
    `mask` False fills texts with zeros up to `length` and reads them, as an unmasked model does.
    `adversarial` is the distance by which each text is moved to be read a second time, at twice
    the cost of a step: see `bothways.training.ClassifierNetwork`; `few_adversarial` is that
    distance where the texts are so few that there are four times as many passes, or so short that
    all passes together read at most `FEW_TOKENS`. With
    `word_vectors="unsupervised"` the embedding begins with what `bothways.vectors.learn_vectors`
    finds in the training texts, with `"learned"` with what `tell_labels` finds in their labels,
    too, unless there are four times as many passes. With `output_bias="prior"` the first scores
    are those of the labels' frequencies, with `"zeros"` all labels are as probable at first.
    `schedule` is the learning rate over time: `constant`, or `one-cycle`, which rises to
    `learning_rate` and falls to nothing at the last step. `weight_decay` is for `adamw` alone.
    `precision` is that of the products on the CPU. With `checkpoint` back-propagation keeps the
    states of every so many steps and computes those between again: less memory for very long
    texts, a third more work, the same bits. `bucket`: see `bothways.data.batches`. Where
    `epochs` passes are fewer than `least_steps` steps there are more passes, up to ten times as
    many. Training stops early after `patience` epochs without a better
    validation, which a rate that falls to nothing at the end hardly needs. The
    dropout rates, `layers`, `merge` and `lookahead`: see `bothways.artifact.NetworkSpec`.
    """

    name: str
    max_tokens: int | None = 20_000
    length: int | None = 600
    truncate: Literal["head", "tail", "middle"] = "head"
    standardize: Standardize = "lower_and_strip_punctuation"
    embedding_dim: int = 256
    hidden_size: int = 32
    layers: int = 1
    bidirectional: bool = True
    merge: Literal["concat", "sum", "mul", "ave"] = "concat"
    pooling: Literal["last", "mean", "max"] = "last"
    mask: bool = True
    lookahead: int | None = None
    dropout: float = 0.5
    embedding_dropout: float = 0.0
    input_dropout: float = 0.0
    layer_dropout: float = 0.0
    word_dropout: float = 0.0
    adversarial: float = 0.0
    few_adversarial: float = 0.0
    word_vectors: Literal["random", "unsupervised", "learned"] = "random"
    output_bias: Literal["zeros", "prior"] = "zeros"
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


FEW_TOKENS = 4_000_000
"""Tokens of all passes that are read fast even twice."""

CLASSIC = Preset("classic")
"""The classic model to the letter: 20,000 words by Keras's rule, texts cut at 600, Embedding(256),
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
    few_adversarial=0.3,
    word_vectors="learned",
    output_bias="prior",
    learning_rate=4e-3,
    schedule="one-cycle",
    bucket=20,
    epochs=3,
    least_steps=1_800,
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


def for_texts(recipe: Preset, texts: int, tokens: int) -> Preset:
    """What the recipe is for so many training texts, and tokens in all of them: with more epochs
    where texts are few, at most ten times its own; adversarial where they are very few, or short;
    and for very few without what labels say of words."""
    steps = math.ceil(texts / recipe.batch_size)
    wanted = math.ceil(recipe.least_steps / max(1, steps))
    changes: dict[str, Any] = {"least_steps": 0, "few_adversarial": 0.0}
    epochs = recipe.epochs
    if wanted > epochs:
        epochs = changes["epochs"] = min(wanted, 10 * recipe.epochs)
    few = wanted >= 4 * recipe.epochs
    if few or epochs * tokens <= FEW_TOKENS:
        changes["adversarial"] = recipe.adversarial or recipe.few_adversarial
    if few and recipe.word_vectors == "learned":
        changes["word_vectors"] = "unsupervised"  # what few labels say is learned by heart
    return replace(recipe, **changes)
