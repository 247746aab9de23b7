"""The classifier in torch, for a GPU; the only file of this room that knows torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bothways import Ragged, kernels
from bothways.artifact import TABLE, NetworkSpec, layer_names
from bothways.errors import ArgumentError
from bothways.kernels import default_threads
from bothways.nn import (
    Adam,
    AdamW,
    EmbeddingLSTM,
    Pool,
    RaggedTensor,
    RMSprop,
    VariationalDropout,
    use_threads,
)
from bothways.training._exchange import Exchange, Share
from bothways.training._learner import Learner, check_optimizer, check_shapes
from bothways.training._loss import Labels
from bothways.training._presets import Preset
from bothways.training._ranks import Ranks

Floats = NDArray[np.float32]


class TorchNetwork(nn.Module):
    """Embedding, LSTM, pooling over time, dropout, dense layer: ids to `(N, outputs)` logits.

    With `pooling="last"` the dense layer reads the last state of each direction.
    """

    def __init__(self, spec: NetworkSpec, tensors: Mapping[str, Floats]) -> None:
        super().__init__()
        self.spec = spec
        self.recurrent = EmbeddingLSTM(
            len(tensors[TABLE]),
            spec.embedding_dim,
            spec.hidden_size,
            bidirectional=spec.bidirectional,
            merge=spec.merge,  # type: ignore[arg-type]
            dropout=spec.embedding_dropout,
            word_dropout=spec.word_dropout,
            layers=spec.layers,
            input_dropout=spec.input_dropout,
            layer_dropout=spec.layer_dropout,
        )
        self.pool: Any = None if spec.pooling == "last" else Pool(spec.pooling)  # type: ignore[arg-type]
        self.dropout = VariationalDropout(spec.dropout)
        self.dense_kernel = nn.Parameter(torch.empty(spec.width, spec.outputs))
        self.dense_bias = nn.Parameter(torch.empty(spec.outputs))
        self.load_tensors(tensors)

    def forward(self, ids: RaggedTensor, move: Tensor | None = None) -> Tensor:
        output, states = self.recurrent(ids, move=move)
        features = self.recurrent.last(states) if self.pool is None else self.pool(output)
        if self.dropout.active:
            features = features * self.dropout.factors(len(features), features)
        return torch.addmm(self.dense_bias, features, self.dense_kernel)

    def loss(
        self,
        logits: Tensor,
        labels: Tensor,
        weights: Tensor | None = None,
        texts: int | None = None,
    ) -> Tensor:
        """Mean cross entropy in nats; `labels (N,)` int64, the place of each text's label, and
        `weights (N,)`, what its loss is multiplied by before the mean over `N`, or over `texts`;
        with `labels (N, C)` bool the sum over the labels, `weights (N,)` or `(N, C)`."""
        if labels.dim() == 2 or self.spec.outputs == 1:
            of_sigmoids = nn.functional.binary_cross_entropy_with_logits
            y = labels if labels.dim() == 2 else labels[:, None]
            each = of_sigmoids(logits, y.float(), reduction="none")
        else:
            each = nn.functional.cross_entropy(logits, labels, reduction="none")[:, None]
        if weights is not None:
            each = each * (weights if weights.dim() == 2 else weights[:, None])
        return each.sum() / (texts or len(labels))

    def drop_in(self, share: Share, texts: int, words: int) -> None:
        """Let dropout be that of a batch of `texts` with `words` distinct ones, of which the next
        ids are a share."""
        by_text = (texts, torch.from_numpy(share.texts))
        self.recurrent.dropout.part = (words, torch.from_numpy(share.places))
        for dropout in (self.recurrent.input_dropout, self.recurrent.layer_dropout, self.dropout):
            dropout.part = by_text

    def named(self) -> dict[str, nn.Parameter]:
        """The parameters by the names of `NetworkSpec.tensor_shapes`."""
        named = {TABLE: self.recurrent.embedding}
        for k in range(self.spec.layers):
            suffix = f"_{k}" if k else ""
            for name, part in zip(
                layer_names(k), ("kernel", "recurrent_kernel", "bias"), strict=True
            ):
                named[name] = getattr(self.recurrent, part + suffix)
        return named | {"dense.kernel": self.dense_kernel, "dense.bias": self.dense_bias}

    @torch.no_grad()
    def load_tensors(self, tensors: Mapping[str, Floats]) -> None:
        """Take over weights of the same names and shapes."""
        for name, parameter in self.named().items():
            parameter.copy_(torch.from_numpy(tensors[name]))


class TorchLearner(Learner):
    """A network in torch on `device`; it runs on the CPU too, which is how it is tested."""

    def __init__(
        self,
        spec: NetworkSpec,
        tensors: Mapping[str, Floats],
        recipe: Preset,
        *,
        device: str,
        ranks: Ranks | None = None,
    ) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise ArgumentError("device 'cuda' was asked for, but torch sees no GPU here")
        if recipe.precision != "f32" or recipe.checkpoint is not None:
            raise ArgumentError(
                "precision 'bf16' and checkpoint are for the kernels on the CPU, got precision="
                f"{recipe.precision!r} and checkpoint={recipe.checkpoint} on {device!r}"
            )
        if spec.lookahead is not None:
            raise ArgumentError(
                f"lookahead is for the kernels on the CPU, got {spec.lookahead} on {device!r}"
            )
        check_optimizer(recipe)
        self.spec = spec
        self.network = TorchNetwork(spec, tensors).to(device)
        self.optimizer: Any
        if recipe.optimizer == "adamw":
            self.optimizer = AdamW(self.network.parameters(), weight_decay=recipe.weight_decay)
        else:
            kind = {"rmsprop": RMSprop, "adam": Adam}[recipe.optimizer]
            self.optimizer = kind(self.network.parameters())
        self._device = torch.device(device)
        self._adversarial = recipe.adversarial
        self.exchange = None if ranks is None else Exchange(ranks)

    def step(
        self,
        ids: Ragged,
        labels: Labels,
        rate: float,
        weights: Floats | None = None,
    ) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        self.optimizer.ready(self.network.recurrent.embedding, RaggedTensor.from_ragged(ids).values)
        texts = len(ids)
        if self.exchange is not None:
            words = kernels.unique(ids.values, len(self.network.recurrent.embedding))
            share = self.exchange.share(ids, words)
            self.network.drop_in(share, texts, len(words.distinct))
            ids, labels = ids.take(share.texts), labels[share.texts]
            weights = None if weights is None else weights[share.texts]
        batch = RaggedTensor.from_ragged(ids)
        batch = batch.with_values(batch.values.to(self._device))
        of_texts = (
            torch.from_numpy(labels).to(self._device),
            None if weights is None else torch.from_numpy(weights).to(self._device),
            texts,
        )
        move = None
        if self._adversarial:
            shape = (len(batch.values), self.spec.embedding_dim)
            move = torch.zeros(shape, device=self._device, requires_grad=True)
            dropout = self._generators()
        loss = self.network.loss(self.network(batch, move), *of_texts)
        loss.backward()
        if move is not None:
            assert move.grad is not None
            self._set_generators(dropout)
            worst = _worst_move(
                move.grad, batch, len(self.network.recurrent.embedding), self._adversarial
            )
            self.network.loss(self.network(batch, worst), *of_texts).backward()
        loss = loss.detach()
        if self.exchange is not None:
            loss = self._sum(self.exchange.ranks, loss, torch.from_numpy(words.distinct).long())
        self.optimizer.step()
        return loss.item()

    def _sum(self, ranks: Ranks, loss: Tensor, words: Tensor) -> Tensor:
        """Replace the gradients of this rank's share by those of the batch, whose distinct words
        are `words (U,)`, with one all-reduce; the loss likewise. See `_exchange.py`."""
        words, table = words.to(self._device), self.network.recurrent.embedding
        dense = [p for p in self.network.parameters() if p is not table]
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in dense]
        parts = [loss.reshape(1), *parts, table.grad.to_dense()[words]]  # type: ignore[union-attr]
        flat = torch.cat([part.reshape(-1) for part in parts])
        ranks.add(flat)
        summed = flat.split([part.numel() for part in parts])
        for p, part in zip(dense, summed[1:-1], strict=True):
            p.grad = part.reshape(p.shape)
        rows = summed[-1].reshape(len(words), self.spec.embedding_dim)
        table.grad = torch.sparse_coo_tensor(
            words[None], rows, table.shape, is_coalesced=True, check_invariants=False
        )
        return summed[0]

    def tensors(self) -> dict[str, Floats]:
        self.optimizer.settle()
        return {k: v.detach().cpu().numpy() for k, v in self.network.named().items()}

    def load_tensors(self, tensors: Mapping[str, Floats]) -> None:
        self.network.load_tensors(tensors)

    def state(self) -> dict[str, Any]:
        named = self.network.named()
        return {
            "weights": _arrays(named),
            "optimizer": {k: _arrays(self.optimizer.state[p]) for k, p in named.items()},
            "dropout": {k: v.numpy() for k, v in self._generators().items()},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        named = self.network.named()
        check_shapes(state["weights"], _arrays(named))
        self.network.load_tensors(state["weights"])
        for name, parameter in named.items():
            self.optimizer.state[parameter] = {
                k: torch.tensor(v, device=self._device) if isinstance(v, np.ndarray) else v
                for k, v in state["optimizer"][name].items()
            }
        self._set_generators({k: torch.tensor(v) for k, v in state["dropout"].items()})

    def _generators(self) -> dict[str, Tensor]:
        """Where the generators stand that dropout is drawn from."""
        found = {"cpu": torch.get_rng_state()}
        if self._device.type == "cuda":
            found["cuda"] = torch.cuda.get_rng_state(self._device)
        return found

    def _set_generators(self, states: Mapping[str, Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(states["cuda"], self._device)


def _worst_move(d_x: Tensor, ids: RaggedTensor, vocabulary_size: int, distance: float) -> Tensor:
    """What is added to each embedded token, `(T, I)`, from its gradient, as
    `bothways.training._adversarial.worst_move` has it for pairs of text and word."""
    lengths = ids.lengths.to(d_x.device)
    text = torch.arange(len(lengths), device=d_x.device).repeat_interleave(lengths)
    words = ids.values.long()
    pairs, of_token, count = (text * vocabulary_size + words).unique(
        return_inverse=True, return_counts=True
    )
    mean = d_x.new_zeros(len(pairs), d_x.shape[1]).index_add_(0, of_token, d_x)
    move = (mean / count[:, None])[of_token]
    squares = d_x.new_zeros(len(lengths)).index_add_(0, text, move.square().sum(dim=1))
    scale = torch.where(squares > 0, distance / squares.sqrt(), 0.0)
    return move * scale[text][:, None]


def _arrays(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors by name as arrays; what is no tensor as it is."""
    return {k: v.detach().cpu().numpy() if isinstance(v, Tensor) else v for k, v in tensors.items()}


@contextmanager
def torch_settings(seed: int, threads: int | None) -> Iterator[None]:
    """torch's seed and threads for the time of a training run, and as they were after it."""
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    try:
        with use_threads(threads or default_threads()):
            yield
    finally:
        torch.set_rng_state(state)
