"""What a model is, as plain values: enough to rebuild it without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bothways.artifact import _check as check
from bothways.errors import ArtifactError

FORMAT_VERSION = 1
"""The version of the folder's format that this program writes, and the newest it reads."""

# A text id is an int32, and so is a place in a text.
_MOST_TOKENS = 2**31 - 1
# Bounds what a lying file can make the reader expect; no LSTM is this wide.
_WIDEST = 65_536


@dataclass(frozen=True)
class VectorizerSpec:
    """How a text becomes ids: Keras `TextVectorization`'s options, and its vocabulary.

    `vocabulary`, `V` strings, holds the padding token `""` at 0 and `"[UNK]"` at 1.
    `unicode` is false where only ASCII letters are lowered and ASCII punctuation stripped.

    Raises `ArtifactError` naming the field that is not as it should be.
    """

    max_tokens: int | None
    standardize: str | None
    split: str
    output_sequence_length: int | None
    unicode: bool
    vocabulary: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.max_tokens is not None:
            check.whole("vectorizer.max_tokens", self.max_tokens, 2, _MOST_TOKENS)
        standards = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)
        check.choice("vectorizer.standardize", self.standardize, standards)
        check.choice("vectorizer.split", self.split, ("whitespace", "character"))
        if self.output_sequence_length is not None:
            key = "vectorizer.output_sequence_length"
            check.whole(key, self.output_sequence_length, 1, _MOST_TOKENS)
        check.flag("vectorizer.unicode", self.unicode)
        vocabulary = check.strings("vectorizer.vocabulary", self.vocabulary)
        if vocabulary[:2] != ("", "[UNK]"):
            got = list(vocabulary[:2])
            check.refuse("vectorizer.vocabulary", got, "'' and '[UNK]' at its beginning")
        if self.max_tokens is not None and len(vocabulary) > self.max_tokens:
            expected = f"at least {len(vocabulary)}, the size of the vocabulary"
            check.refuse("vectorizer.max_tokens", self.max_tokens, expected)
        object.__setattr__(self, "vocabulary", vocabulary)


@dataclass(frozen=True)
class NetworkSpec:
    """Embedding, LSTM in one or both directions, pooling over time, dense layer.

    `I = embedding_dim`, `H = hidden_size`. `outputs` is 1 for a sigmoid, the probability of
    the second label, or `C` for a softmax over the labels. With `mask=False` a text is padded
    with id 0 to the vectorizer's `output_sequence_length` and the padding is read, as an
    unmasked Keras model does. The dropout rates act in training only.

    Raises `ArtifactError` naming the field that is not as it should be.
    """

    embedding_dim: int
    hidden_size: int
    bidirectional: bool
    merge: str
    pooling: str
    outputs: int
    mask: bool = True
    dropout: float = 0.0
    embedding_dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("embedding_dim", "hidden_size", "outputs"):
            check.whole(f"network.{name}", getattr(self, name), 1, _WIDEST)
        for name in ("bidirectional", "mask"):
            check.flag(f"network.{name}", getattr(self, name))
        check.choice("network.merge", self.merge, ("concat", "sum", "mul", "ave"))
        check.choice("network.pooling", self.pooling, ("last", "mean", "max"))
        for name in ("dropout", "embedding_dropout"):
            object.__setattr__(self, name, check.rate(f"network.{name}", getattr(self, name)))

    @property
    def directions(self) -> int:
        """`D`: 2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def width(self) -> int:
        """`F`, what the dense layer reads: `2H` for two directions side by side, else `H`."""
        return self.hidden_size * (self.directions if self.merge == "concat" else 1)

    def tensor_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """The name and shape of every tensor, all float32, with `V = vocabulary_size`.

        Gates come in the order input, forget, cell, output; in the columns of
        `lstm.kernel` and in `lstm.bias` the forward direction comes first.
        """
        i, h, d = self.embedding_dim, self.hidden_size, self.directions
        return {
            "embedding.weight": (vocabulary_size, i),
            "lstm.kernel": (i, d * 4 * h),
            "lstm.recurrent_kernel": (d, h, 4 * h),
            "lstm.bias": (d * 4 * h,),
            "dense.kernel": (self.width, self.outputs),
            "dense.bias": (self.outputs,),
        }


def _this_version() -> str:
    import bothways

    return bothways.__version__


@dataclass(frozen=True)
class Spec:
    """Everything about a model but its weights.

    `labels`, `C` distinct strings, in the order of the scores. `training` and `quality` hold
    facts for people and programs that read the folder (preset, seed, rows; accuracy): JSON
    values, copied, tuples as lists.

    Raises `ArtifactError` naming the field that is not as it should be.
    """

    task: str
    labels: tuple[str, ...]
    vectorizer: VectorizerSpec
    network: NetworkSpec
    training: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    bothways_version: str = field(default_factory=_this_version)
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        check.choice("task", self.task, ("classification",))
        object.__setattr__(self, "labels", check.strings("labels", self.labels))
        if len(self.labels) < 2:
            check.refuse("labels", list(self.labels), "two or more")
        for key, value, kind in (
            ("vectorizer", self.vectorizer, VectorizerSpec),
            ("network", self.network, NetworkSpec),
        ):
            if not isinstance(value, kind):
                check.refuse(key, value, f"a {kind.__name__}")
        outputs, classes = self.network.outputs, len(self.labels)
        if outputs != classes and not (outputs == 1 and classes == 2):
            expected = f"{'1 or ' if classes == 2 else ''}{classes}, for {classes} labels"
            check.refuse("network.outputs", outputs, expected)
        if not self.network.mask and self.vectorizer.output_sequence_length is None:
            raise ArtifactError(
                "network.mask is False, which pads texts and therefore "
                "expects vectorizer.output_sequence_length"
            )
        for key in ("training", "quality"):
            object.__setattr__(self, key, check.facts(key, getattr(self, key)))
        object.__setattr__(
            self, "bothways_version", check.string("bothways_version", self.bothways_version)
        )
        check.whole("format_version", self.format_version, 1, FORMAT_VERSION)

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every tensor of this model, all float32."""
        return self.network.tensor_shapes(len(self.vectorizer.vocabulary))
