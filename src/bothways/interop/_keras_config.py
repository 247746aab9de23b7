"""`config.json` of a `.keras` file: a model as a Functional one of stock Keras layers."""

from __future__ import annotations

from typing import Any, NamedTuple

from bothways.artifact import LayerSpec, Spec


class _Tensor(NamedTuple):
    """What a layer gives; None stands for the number of texts and their length."""

    layer: str
    shape: tuple[int | None, ...]


def model_config(spec: Spec) -> dict[str, Any]:
    """The document, as Keras 3 writes it. Layers have the names that `_keras_write` knows.

    Pooling is one layer where Keras does what is meant, and else what `_keras_pool` describes.
    """
    n = spec.network
    build = _Layers()
    length = spec.vectorizer.output_sequence_length if is_fixed(spec) else None
    ids = build.add("InputLayer", "ids", (None, length), batch_shape=[None, length], dtype="int64")
    rows = {"input_dim": len(spec.vectorizer.vocabulary)}
    width = n.embedding_dim
    options: dict[str, Any] = {**rows, "output_dim": width, "mask_zero": n.mask}
    x = build.add("Embedding", "embedding", (*ids.shape, width), ids, **options)
    for k, layer in enumerate(n.stack):
        sequences = n.pooling != "last" or k < n.layers - 1
        kind, options = _recurrent(f"layer_{k}", layer, sequences, zeros=n.zero_under > 0)
        shape = (*(ids.shape if sequences else (None,)), layer.width)
        x = build.add(kind, f"layer_{k}", shape, x, **options)
    if n.pooling != "last" and is_fixed(spec):
        kind = "GlobalMaxPooling1D" if n.pooling == "max" else "GlobalAveragePooling1D"
        x = build.add(kind, "pooled", (None, n.width), x)
    elif n.pooling != "last":
        options = {**rows, "output_dim": 1, "mask_zero": False}
        padding = build.add("Embedding", "padding", (None, None, 1), ids, **options)
        x = (_masked_maximum if n.pooling == "max" else _masked_mean)(build, x, padding)
    activation = "sigmoid" if n.outputs == 1 or n.multilabel else "softmax"
    options = {"units": n.outputs, "activation": activation}
    build.add("Dense", "dense", (None, n.outputs), x, **options)
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": "bothways",
            "trainable": True,
            "layers": build.layers,
            "input_layers": ["ids", 0, 0],
            "output_layers": ["dense", 0, 0],
        },
        "registered_name": "Functional",
    }


def is_fixed(spec: Spec) -> bool:
    """Whether answers depend on how long texts are filled up, so that the input has a length."""
    return not spec.network.mask or spec.network.zero_under > 0


class _Layers:
    """The layers so far, as the document holds them."""

    def __init__(self) -> None:
        self.layers: list[dict[str, Any]] = []

    def add(
        self, kind: str, name: str, shape: tuple[int | None, ...], *read: _Tensor, **options: Any
    ) -> _Tensor:
        """A layer that reads the outputs of others, and what it gives."""
        tensors: list[Any] = [
            {
                "class_name": "__keras_tensor__",
                "config": {
                    "shape": list(tensor.shape),
                    "dtype": "int64" if tensor.layer == "ids" else "float32",
                    "keras_history": [tensor.layer, 0, 0],
                },
            }
            for tensor in read
        ]
        call: dict[str, Any] = {"args": [tensors] if len(read) > 1 else tensors, "kwargs": {}}
        trainable = {"trainable": True} if read else {}
        self.layers.append(
            {
                "module": "keras.layers",
                "class_name": kind,
                "config": {"name": name, **trainable, **options},
                "registered_name": None,
                "name": name,
                "inbound_nodes": [call] if read else [],
            }
        )
        return _Tensor(name, shape)


def _recurrent(
    name: str, layer: LayerSpec, sequences: bool, *, zeros: bool
) -> tuple[str, dict[str, Any]]:
    """The class and the options of an LSTM layer."""
    options: dict[str, Any] = {"units": layer.hidden_size, "return_sequences": sequences}
    if not layer.bidirectional:
        return "LSTM", {**options, "zero_output_for_mask": zeros and sequences}
    forward, backward = (
        {
            "module": "keras.layers",
            "class_name": "LSTM",
            "config": {"name": f"{part}_{name}", "go_backwards": part == "backward", **options},
            "registered_name": None,
        }
        for part in ("forward", "backward")
    )
    both = {"layer": forward, "backward_layer": backward}
    return "Bidirectional", {"merge_mode": layer.merge, **both}


def _masked_maximum(build: _Layers, x: _Tensor, padding: _Tensor) -> _Tensor:
    down = build.add("Add", "put_down", x.shape, x, padding)
    width = x.shape[-1]
    maximum = build.add("GlobalMaxPooling1D", "maximum", (None, width), down)
    nothing = build.add("GlobalMaxPooling1D", "nothing", (None, 1), padding)
    return build.add("Subtract", "pooled", (None, width), maximum, nothing)


def _masked_mean(build: _Layers, x: _Tensor, padding: _Tensor) -> _Tensor:
    shares = build.add("Softmax", "shares", padding.shape, padding, axis=1)
    width = x.shape[-1]
    sums = build.add("Dot", "sums", (None, width, 1), x, shares, axes=1)
    return build.add("Flatten", "pooled", (None, width), sums)
