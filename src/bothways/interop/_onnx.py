"""A model as an ONNX file, and a description of its texts beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import Spec
from bothways.errors import ArtifactError, require
from bothways.interop._onnx_graph import FILE_FORMAT, OPERATORS, Graph, Tensors, network
from bothways.interop._padded import in_batches
from bothways.interop._reading import BESIDE, reading
from bothways.runtime import Model

_LARGEST = 2**31 - 1


def encode(spec: Spec, tensors: Tensors, name: str) -> dict[str, bytes]:
    """The ONNX file, and beside it what it leaves to its user, which its metadata hold too.

    Raises `ArtifactError` if the weights are more than an ONNX file can hold.
    """
    onnx = require("onnx", extra="onnx", purpose="export to ONNX")
    size = sum(t.nbytes for t in tensors.values())
    if size > _LARGEST:
        raise ArtifactError(
            f"the weights have {size:,} bytes, and an ONNX file holds at most {_LARGEST:,}"
        )
    document = reading(spec, tensors)
    model = _proto(spec, tensors, document.decode())
    onnx.checker.check_model(model, full_check=True)
    return {name: model.SerializeToString(), name + BESIDE: document}


def answer(
    files: Mapping[str, bytes], name: str, model: Model, texts: Sequence[str]
) -> tuple[NDArray[np.floating[Any]], str]:
    """The probabilities that ONNX Runtime gives, and its version."""
    ort = require("onnxruntime", extra="onnx", purpose="comparing an ONNX file with the model")
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is an exception, not a line on stderr too
    session = ort.InferenceSession(files[name], options, providers=["CPUExecutionProvider"])
    ids, _ = model.vectorizer.encode(texts)
    rows = [
        session.run(None, {"ids": padded, "lengths": lengths.astype(np.int32)})[0]
        for padded, lengths in in_batches(ids)
    ]
    return np.concatenate(rows), f"ONNX Runtime {ort.__version__}"


def _proto(spec: Spec, tensors: Tensors, document: str) -> Any:
    import onnx
    from onnx import helper

    types = onnx.TensorProto
    g = Graph()
    result = network(g, spec, tensors)
    g.nodes.append(helper.make_node("Identity", [result], ["probabilities"]))
    graph = helper.make_graph(
        g.nodes,
        "bothways",
        [
            helper.make_tensor_value_info("ids", types.INT32, ["batch", "time"]),
            helper.make_tensor_value_info("lengths", types.INT32, ["batch"]),
        ],
        [helper.make_tensor_value_info("probabilities", types.FLOAT, ["batch", len(spec.labels)])],
        g.constants,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPERATORS)],
        ir_version=FILE_FORMAT,
        producer_name="bothways",
        producer_version=spec.bothways_version,
    )
    helper.set_model_props(model, {"bothways": document})
    return model
