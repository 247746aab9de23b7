"""The options of Keras's layers that are understood: all others are refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bothways.errors import ArtifactError

# What acts in training alone, or says nothing about what a layer computes.
_ALWAYS = {"name", "trainable", "dtype"}
_OF_WEIGHTS = {
    f"{weights}_{what}"
    for weights in ("kernel", "recurrent", "bias", "embeddings", "activity")
    for what in ("initializer", "regularizer", "constraint")
}
_DROPOUT = {"rate", "seed", "noise_shape", "stddev", "l1", "l2"}

NOTHING_AT_PREDICTION = (
    *("Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout"),
    "ActivityRegularization",
)
"""Layers that hand on what they get, and its mask, when a model predicts."""

# Of each layer: options that are read elsewhere or change nothing, and options with their only
# understood values.
_KNOWN: dict[str, tuple[set[str], dict[str, tuple[Any, ...]]]] = {
    "InputLayer": (
        {"batch_shape", "batch_input_shape", "optional"},
        {"sparse": (False,), "ragged": (False,)},
    ),
    "TextVectorization": (
        {"max_tokens", "output_sequence_length", "vocabulary", "vocabulary_size"}
        | {"pad_to_max_tokens"},
        {
            "standardize": ("lower_and_strip_punctuation", "lower", "strip_punctuation", None),
            "split": ("whitespace", "character"),
            "ngrams": (None,),
            "output_mode": ("int",),
            "sparse": (False,),
            "ragged": (False,),
            "idf_weights": (None,),
            "encoding": ("utf-8",),
        },
    ),
    "Embedding": (
        {"input_dim", "output_dim", "input_length"},
        {"mask_zero": (True, False), "quantization_config": (None,), "lora_rank": (None,)},
    ),
    "LSTM": (
        {"units", "dropout", "recurrent_dropout", "seed", "unit_forget_bias", "unroll"}
        | {"implementation", "use_cudnn"},
        {
            "activation": ("tanh",),
            "recurrent_activation": ("sigmoid",),
            "use_bias": (True, False),
            "return_sequences": (True, False),
            "return_state": (False,),
            "go_backwards": (True, False),
            "stateful": (False,),
            "time_major": (False,),
            "zero_output_for_mask": (True, False),
        },
    ),
    "Bidirectional": (
        {"layer", "backward_layer"},
        {"merge_mode": ("concat", "sum", "mul", "ave")},
    ),
    "GlobalMaxPooling1D": (set(), {"data_format": ("channels_last",), "keepdims": (False,)}),
    "GlobalAveragePooling1D": (set(), {"data_format": ("channels_last",), "keepdims": (False,)}),
    "Dense": (
        {"units"},
        {
            "activation": ("sigmoid", "softmax", "linear", None),
            "use_bias": (True, False),
            "quantization_config": (None,),
            "lora_rank": (None,),
        },
    ),
    "Activation": (set(), {"activation": ("sigmoid", "softmax", "linear")}),
    "Softmax": (set(), {"axis": (-1, 1)}),
    "NotEqual": (set(), {}),
    "Add": (set(), {}),
    "Subtract": (set(), {}),
    "Dot": (set(), {"axes": (1, [1, 1]), "normalize": (False,)}),
    "Flatten": (set(), {"data_format": ("channels_last",)}),
    **{kind: (_DROPOUT, {}) for kind in NOTHING_AT_PREDICTION},
}


def check_options(what: str, kind: str, config: Mapping[str, Any]) -> None:
    """Refuse a layer of an unknown class, and an option or value that is not understood.

    `what` begins the sentence. Raises `ArtifactError`.
    """
    if kind not in _KNOWN:
        raise ArtifactError(f"{what} is a {kind[:60]}, which is not understood")
    free, limited = _KNOWN[kind]
    for name, value in config.items():
        if name in limited:
            # 1 is not True, though Python finds them equal.
            if not any(type(value) is type(other) and value == other for other in limited[name]):
                expected = " or ".join(map(repr, limited[name]))
                raise ArtifactError(
                    f"{what}, {kind}, has {name}={_shown(value)}, which is not understood; "
                    f"expected {expected}"
                )
        elif name not in free and name not in _ALWAYS and name not in _OF_WEIGHTS:
            raise ArtifactError(
                f"{what}, {kind}, has the option {name[:60]}={_shown(value)}, which is not "
                "understood"
            )
    _check_type(what, kind, config.get("dtype"))


def _check_type(what: str, kind: str, policy: Any) -> None:
    """Weights and sums are float32; ids and texts are what they are."""
    if isinstance(policy, dict):
        inner = policy.get("config")
        plain = policy.get("class_name") == "DTypePolicy" and isinstance(inner, dict)
        policy = inner.get("name") if plain and isinstance(inner, dict) else policy
    if kind in ("InputLayer", "TextVectorization") and isinstance(policy, str):
        return
    if policy not in (None, "float32"):
        raise ArtifactError(f"{what}, {kind}, computes in {_shown(policy)}, expected float32")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
