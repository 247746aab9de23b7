"""Who is compared with whom. One row here is one file in `versus/` and one worker process."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """A competitor, or ourselves; `file` is the name of its worker without the ending."""

    file: str
    label: str
    ours: bool = False


@dataclass(frozen=True)
class Section:
    """One comparison. A turn takes `items` items, or more until `at_least` seconds; 0: --steps."""

    title: str
    unit: str
    peers: tuple[Peer, ...]
    items: int
    warm: int  # items done untimed before each turn
    at_least: float
    rounds: int | None = None  # at most


SECTIONS = {
    "train": Section(
        title="Training step of the classic model",
        unit="ms a step",
        peers=(
            Peer("bothways_train", "Bothways", ours=True),
            Peer("keras_jax", "Keras, JAX"),
            Peer("keras_tensorflow", "Keras, TensorFlow"),
            Peer("keras_torch", "Keras, torch"),
            Peer("torch_packed", "torch, packed"),
            Peer("torch_padded", "torch, padded"),
            Peer("torch_bf16", "torch, padded, bf16"),
        ),
        items=0,
        warm=1,
        at_least=0.5,
    ),
    "infer": Section(
        title="Inference of the classic model",
        unit="texts a second",
        peers=(
            Peer("bothways_infer", "Bothways", ours=True),
            Peer("onnxruntime_infer", "ONNX Runtime"),
            Peer("openvino_infer", "OpenVINO"),
        ),
        items=1,
        warm=1,
        at_least=0.5,
    ),
    "job": Section(
        title="From the raw file to the accuracy",
        unit="seconds in all",
        peers=(
            Peer("bothways_job", "Bothways", ours=True),
            Peer("sklearn_tfidf", "TF-IDF + logistic regression"),
            Peer("fasttext_job", "fastText"),
        ),
        items=1,
        warm=0,
        at_least=0.0,
        rounds=3,
    ),
}
