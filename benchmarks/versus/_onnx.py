"""The classic model as an ONNX graph with true lengths (`sequence_lens`), for two runtimes."""

import numpy as np
import onnx
from _classic import HIDDEN, first_weights
from _lstm import PARTS
from onnx import TensorProto, helper, numpy_helper


def onnx_gates(columns: np.ndarray) -> np.ndarray:
    """Turn Keras's (..., 4H) blocks i f c o into ONNX's (4H, ...) blocks i o f c."""
    i, f, c, o = np.split(columns, 4, axis=-1)
    return np.ascontiguousarray(np.concatenate([i, o, f, c], axis=-1).T)


def classic_onnx() -> bytes:
    """Inputs ids (T, N) int32, lengths (N,) int32; output probabilities (N, 1) float32."""
    weights = first_weights()
    both = [[onnx_gates(weights[f"{way}_{p}"]) for p in PARTS] for way in ("forward", "backward")]
    w, r, b = (np.stack(parts) for parts in zip(*both, strict=True))
    constants = {
        "embedding": weights["embedding"],
        "W": w,
        "R": r,
        "B": np.concatenate([b, np.zeros_like(b)], axis=1),
        "kernel": weights["dense_kernel"],
        "bias": weights["dense_bias"],
        "flat": np.array([0, 2 * HIDDEN], np.int64),
    }
    lstm = {"direction": "bidirectional", "hidden_size": HIDDEN}
    nodes = [
        helper.make_node("Gather", ["embedding", "ids"], ["x"]),
        helper.make_node("LSTM", ["x", "W", "R", "B", "lengths"], ["", "h"], **lstm),
        helper.make_node("Transpose", ["h"], ["by_text"], perm=[1, 0, 2]),
        helper.make_node("Reshape", ["by_text", "flat"], ["states"]),
        helper.make_node("Gemm", ["states", "kernel", "bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "classic",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT32, ["T", "N"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["N"]),
        ],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 1])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def feed(texts) -> dict[str, np.ndarray]:
    """Pad a batch to its longest text only: the ids and the lengths the graph wants."""
    return {
        "ids": np.ascontiguousarray(texts.padded().T),
        "lengths": np.diff(texts.offsets).astype(np.int32),
    }
