"""The classifier in torch, with the tensors that the artifact names."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bothways.artifact import NetworkSpec
from bothways.nn import EmbeddingLSTM, Pool, RaggedTensor, glorot_uniform


class ClassifierNetwork(nn.Module):
    """Embedding, LSTM, pooling over time, dropout, dense layer: ids to `(N, outputs)` logits.

    With `pooling="last"` the dense layer reads the last state of each direction.
    """

    def __init__(self, spec: NetworkSpec, vocabulary_size: int) -> None:
        super().__init__()
        self.spec = spec
        self.recurrent = EmbeddingLSTM(
            vocabulary_size,
            spec.embedding_dim,
            spec.hidden_size,
            bidirectional=spec.bidirectional,
            merge=spec.merge,  # type: ignore[arg-type]
            dropout=spec.embedding_dropout,
        )
        self.pool: Any = None if spec.pooling == "last" else Pool(spec.pooling)  # type: ignore[arg-type]
        self.dropout = nn.Dropout(spec.dropout)
        self.dense_kernel = nn.Parameter(glorot_uniform(spec.width, spec.outputs))
        self.dense_bias = nn.Parameter(torch.zeros(spec.outputs))

    def forward(self, ids: RaggedTensor) -> Tensor:
        output, states = self.recurrent(ids)
        features = self.recurrent.last(states) if self.pool is None else self.pool(output)
        return torch.addmm(self.dense_bias, self.dropout(features), self.dense_kernel)

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Mean cross entropy in nats; `labels (N,)` int64, the place of each text's label."""
        if self.spec.outputs == 1:
            return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], labels.float())
        return nn.functional.cross_entropy(logits, labels)

    def named(self) -> dict[str, nn.Parameter]:
        """The parameters by the names of `NetworkSpec.tensor_shapes`."""
        r = self.recurrent
        return {
            "embedding.weight": r.embedding,
            "lstm.kernel": r.kernel,
            "lstm.recurrent_kernel": r.recurrent_kernel,
            "lstm.bias": r.bias,
            "dense.kernel": self.dense_kernel,
            "dense.bias": self.dense_bias,
        }

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights as arrays."""
        return {k: v.detach().cpu().numpy().copy() for k, v in self.named().items()}

    @torch.no_grad()
    def load_tensors(self, tensors: dict[str, NDArray[np.float32]]) -> None:
        """Take over weights of the same names and shapes."""
        for name, parameter in self.named().items():
            parameter.copy_(torch.from_numpy(tensors[name]))
