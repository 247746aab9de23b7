"""What the network of a model is."""

from __future__ import annotations

from dataclasses import dataclass, fields

from bothways.artifact import _check as check
from bothways.artifact._storage import TABLE

# Bounds what a lying file can make the reader expect; no LSTM is this wide, or this deep.
_WIDEST = 65_536
_DEEPEST = 100

FARTHEST = 256
"""The largest `lookahead`: every token costs a reading of so many others."""

MERGES = ("concat", "sum", "mul", "ave")
"""How the states of two directions are joined: side by side, or number by number."""

_DROPOUTS = ("dropout", "embedding_dropout", "input_dropout", "layer_dropout", "word_dropout")


@dataclass(frozen=True)
class LayerSpec:
    """One LSTM layer of `H = hidden_size` units in each direction, and how two are joined.

    Raises `ArtifactError` naming the field that is not as it should be.
    """

    hidden_size: int
    bidirectional: bool
    merge: str

    def __post_init__(self) -> None:
        check.whole("a layer's hidden_size", self.hidden_size, 1, _WIDEST)
        check.flag("a layer's bidirectional", self.bidirectional)
        check.choice("a layer's merge", self.merge, MERGES)

    @property
    def directions(self) -> int:
        """`D`: 2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def width(self) -> int:
        """What is read of it: `2H` for two directions side by side, else `H`."""
        return self.hidden_size * (self.directions if self.merge == "concat" else 1)


@dataclass(frozen=True)
class NetworkSpec:
    """Embedding, LSTM layers in one or both directions, pooling over time, dense layer.

    `I = embedding_dim`, `H = hidden_size`. `outputs` is 1 for a sigmoid, the probability of
    the second label, or `C` for a softmax over the labels; with `multilabel` it is `C`, a sigmoid
    for each label, of which a text may have several or none. With `mask=False` a text is padded
    with id 0 to the vectorizer's `output_sequence_length` and the padding is read, as an
    unmasked Keras model does. Of several `layers` each reads the states of both directions of
    the one below, side by side; `merge` is how the last one's are joined.

    Models from elsewhere may have layers that differ, and are not trained here: `lower_layers`
    are then those below the last one, each with its own width, directions and merge. The maximum
    of a text with fewer than `zero_under` tokens is at least zero: Keras pools the padding too,
    which is zeros.

    With `lookahead` the reader from the right begins anew for each token, so many tokens after it
    or at the end of the text (latency-controlled BLSTM, Zhang et al. 2016), so that an answer can
    be given so many tokens late. That is for one masked layer in two directions, and for a
    maximum or mean over time, as the last token has nothing ahead. None: at the end.

    The dropout rates act in training only: `dropout` on the pooled features;
    `embedding_dropout` on the features of each distinct word of a batch, the same wherever it
    stands; `word_dropout` on whole words of a batch, wherever they stand, which are zeros then;
    `input_dropout` on the features of the embedded words and `layer_dropout` on those
    between layers, both the same at every step of a text (Gal & Ghahramani 2016).

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
    layers: int = 1
    input_dropout: float = 0.0
    layer_dropout: float = 0.0
    word_dropout: float = 0.0
    multilabel: bool = False
    lower_layers: tuple[LayerSpec, ...] = ()
    zero_under: int = 0
    lookahead: int | None = None

    def __post_init__(self) -> None:
        for name in ("embedding_dim", "hidden_size", "outputs"):
            check.whole(f"network.{name}", getattr(self, name), 1, _WIDEST)
        check.whole("network.layers", self.layers, 1, _DEEPEST)
        for name in ("bidirectional", "mask", "multilabel"):
            check.flag(f"network.{name}", getattr(self, name))
        check.choice("network.merge", self.merge, MERGES)
        check.choice("network.pooling", self.pooling, ("last", "mean", "max"))
        for name in _DROPOUTS:
            object.__setattr__(self, name, check.rate(f"network.{name}", getattr(self, name)))
        if self.layer_dropout and self.layers == 1:
            check.refuse("network.layer_dropout", self.layer_dropout, "0 with one layer")
        check.whole("network.zero_under", self.zero_under, 0, 2**31 - 1)
        if self.zero_under and self.pooling != "max":
            check.refuse("network.zero_under", self.zero_under, "0 without the pooling 'max'")
        object.__setattr__(self, "lower_layers", self._checked_layers())
        if self.lookahead is not None:
            self._check_lookahead()

    def _check_lookahead(self) -> None:
        check.whole("network.lookahead", self.lookahead, 0, FARTHEST)
        for there, without in (
            (self.layers > 1, f"with {self.layers} layers"),
            (not self.bidirectional, "in one direction"),
            (not self.mask, "without a mask"),
            (self.pooling == "last", "with the pooling 'last': the last token has nothing ahead"),
        ):
            if there:
                check.refuse("network.lookahead", self.lookahead, f"null {without}")

    def _checked_layers(self) -> tuple[LayerSpec, ...]:
        """`lower_layers`, each made of an object where it comes from a file."""
        lower = self.lower_layers
        if not isinstance(lower, list | tuple) or len(lower) not in (0, self.layers - 1):
            check.refuse("network.lower_layers", lower, f"none or {self.layers - 1} layers")
        names = {item.name for item in fields(LayerSpec)}
        layers = []
        for item in lower:
            if isinstance(item, dict) and set(item) == names:
                item = LayerSpec(**item)
            if not isinstance(item, LayerSpec):
                check.refuse("a layer of network.lower_layers", item, f"{sorted(names)}")
            layers.append(item)
        return tuple(layers)

    @property
    def stack(self) -> tuple[LayerSpec, ...]:
        """The LSTM layers from the first to the last."""
        last = LayerSpec(self.hidden_size, self.bidirectional, self.merge)
        alike = LayerSpec(self.hidden_size, self.bidirectional, "concat")
        return (*(self.lower_layers or (alike,) * (self.layers - 1)), last)

    @property
    def directions(self) -> int:
        """`D`: 2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def width(self) -> int:
        """`F`, what the dense layer reads: `2H` for two directions side by side, else `H`."""
        return self.stack[-1].width

    def tensor_shapes(self, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
        """The name and shape of every tensor, all float32, with `V = vocabulary_size`.

        Gates come in the order input, forget, cell, output; in the columns of `lstm.kernel`
        and in `lstm.bias` the forward direction comes first. Those of the layers above the
        first are `lstm.1.kernel` and so on.
        """
        width = self.embedding_dim
        shapes: dict[str, tuple[int, ...]] = {TABLE: (vocabulary_size, width)}
        for k, layer in enumerate(self.stack):
            h, d = layer.hidden_size, layer.directions
            kernel, recurrent, bias = layer_names(k)
            shapes[kernel] = (width, d * 4 * h)
            shapes[recurrent] = (d, h, 4 * h)
            shapes[bias] = (d * 4 * h,)
            width = layer.width
        shapes["dense.kernel"] = (self.width, self.outputs)
        shapes["dense.bias"] = (self.outputs,)
        return shapes


def layer_names(layer: int) -> tuple[str, str, str]:
    """The names of the kernel, recurrent kernel and bias of an LSTM layer, counted from 0."""
    prefix = f"lstm.{layer}" if layer else "lstm"
    return f"{prefix}.kernel", f"{prefix}.recurrent_kernel", f"{prefix}.bias"
