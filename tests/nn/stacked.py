"""Stacked layers beside torch's `nn.LSTM(num_layers=...)`, and by hand from single ones.

Every run gives a dict: `output (T, D * H)`, `h_n` and `c_n (layers * D, N, H)`, and the
gradient of `x`, `h0`, `c0` and of each parameter by its name in Bothways.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from close import OneDirection
from torch import Tensor, nn

from bothways.nn import Bidirectional, EmbeddingLSTM, RaggedTensor, States, use_threads

PARAMETERS = ("kernel", "recurrent_kernel", "bias")


@dataclass
class Batch:
    """A ragged batch, the states before it, and the gradients that come from above."""

    values: Tensor
    offsets: Tensor
    h0: Tensor
    c0: Tensor
    d_output: Tensor
    d_h_n: Tensor
    d_c_n: Tensor

    def to(self, dtype: torch.dtype) -> Batch:
        """Fresh leaves of another type."""
        tensors = (t.detach().clone() for t in vars(self).values())
        new = Batch(*(t.to(dtype) if t.is_floating_point() else t for t in tensors))
        for leaf in (new.values, new.h0, new.c0):
            leaf.requires_grad_(leaf.is_floating_point())
        return new

    @property
    def ragged(self) -> RaggedTensor:
        return RaggedTensor(self.values, self.offsets)


def name_of(name: str, k: int) -> str:
    """A parameter's name in layer `k`."""
    return f"{name}_{k}" if k else name


def new_layer(D, *, layers, I=5, H=6, V=None, seed=0, **options):  # noqa: E741
    """A layer whose weights are drawn so that gates are neither dead nor saturated."""
    if V is not None:
        layer = EmbeddingLSTM(V, I, H, bidirectional=D == 2, layers=layers, **options)
    else:
        layer = (OneDirection if D == 1 else Bidirectional)(I, H, layers=layers, **options)
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in layer.named_parameters():
            scale = 1.0 if name == "embedding" else p.shape[-2 if p.ndim > 1 else -1] ** -0.5
            p.copy_(torch.randn(p.shape, generator=g) * scale)
    return layer


def new_batch(layer, lengths, seed=0) -> Batch:
    """For `layer`, of sequences with those lengths."""
    g = torch.Generator().manual_seed(seed)
    T, N, D, H = sum(lengths), len(lengths), layer.directions, layer.hidden_size

    def draw(*shape):
        return torch.randn(*shape, generator=g)

    ids = isinstance(layer, EmbeddingLSTM)
    values = torch.randint(layer.vocabulary_size, (T,), generator=g) if ids else None
    return Batch(
        draw(T, layer.input_size) if values is None else values,
        torch.tensor([0, *lengths]).cumsum(0),
        *(draw(layer.layers * D, N, H) for _ in range(2)),
        draw(T, D * H),
        *(draw(layer.layers * D, N, H) for _ in range(2)),
    )


def single_layers(layer):
    """The layers of a stack, each as a layer of its own with the same weights."""
    D, H, singles = layer.directions, layer.hidden_size, []
    for k in range(layer.layers):
        if k == 0 and isinstance(layer, EmbeddingLSTM):
            sizes = (layer.vocabulary_size, layer.embedding_dim, H)
            single = EmbeddingLSTM(*sizes, bidirectional=D == 2)
        elif D == 2:
            single = Bidirectional(D * H if k else layer.input_size, H)
        else:
            single = OneDirection(H if k else getattr(layer, "input_size", 0), H)
        with torch.no_grad():
            for name, p in single.named_parameters():
                p.copy_(getattr(layer, name_of(name, k)))
        singles.append(single)
    return singles


def run(layer, batch: Batch) -> dict[str, Tensor]:
    """Forward and backward through a stack of Bothways."""
    batch = batch.to(torch.float32)
    layer.zero_grad()
    output, (h, c) = layer(batch.ragged, None, States(batch.h0, batch.c0))
    _descend(batch, output.values, h, c)
    gradients = {name: p.grad.to_dense() for name, p in layer.named_parameters()}
    return _found(batch, output.values, h, c, gradients)


def run_by_hand(layer, batch: Batch) -> dict[str, Tensor]:
    """The same through single layers, one after another."""
    batch = batch.to(torch.float32)
    singles, D = single_layers(layer), layer.directions
    x, states = batch.ragged, []
    for k, single in enumerate(singles):
        rows = slice(k * D, (k + 1) * D)
        x, last = single(x, None, States(batch.h0[rows], batch.c0[rows]))
        states.append(last)
    h, c = (torch.cat(s) for s in zip(*states, strict=True))
    _descend(batch, x.values, h, c)
    gradients = {
        name_of(name, k): p.grad.to_dense()
        for k, single in enumerate(singles)
        for name, p in single.named_parameters()
    }
    return _found(batch, x.values, h, c, gradients)


@use_threads(1)  # on such small products torch's threads only wait for one another
def run_torch(layer, batch: Batch, dtype: torch.dtype) -> dict[str, Tensor]:
    """The same through `nn.Embedding` and `nn.LSTM`, packed, in another precision."""
    batch = batch.to(dtype)
    D, H, L = layer.directions, layer.hidden_size, layer.layers
    table = getattr(layer, "embedding", None)
    width = layer.input_size if table is None else layer.embedding_dim
    lstm = nn.LSTM(width, H, L, batch_first=True, bidirectional=D == 2).to(dtype)
    _fill(lstm, layer)
    x = batch.values
    if table is not None:
        table = table.detach().to(dtype, copy=True).requires_grad_()
        x = nn.functional.embedding(batch.values, table)
    lengths = batch.offsets.diff()
    some = lengths.nonzero()[:, 0]  # torch refuses empty sequences
    parts = [part for part in x.split(lengths.tolist()) if len(part)]
    packed = nn.utils.rnn.pack_sequence(parts, enforce_sorted=False)
    out, (h, c) = lstm(packed, (batch.h0[:, some], batch.c0[:, some]))
    output = torch.cat(nn.utils.rnn.unpack_sequence(out))
    h, c = batch.h0.index_copy(1, some, h), batch.c0.index_copy(1, some, c)
    _descend(batch, output, h, c)
    gradients = {} if table is None else {"embedding": table.grad}
    return _found(batch, output, h, c, gradients | _gradients(lstm, D, L))


def errors(layer, batch: Batch) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """Of each result and gradient: its error in Bothways, in torch float32, and the truth."""
    truth, theirs = (run_torch(layer, batch, t) for t in (torch.float64, torch.float32))
    ours = run(layer, batch)
    assert set(ours) == set(theirs) == set(truth)
    return {k: ((ours[k] - t).abs(), (theirs[k] - t).abs(), t) for k, t in truth.items()}


def _fill(lstm, layer):
    G = 4 * layer.hidden_size
    with torch.no_grad():
        for k in range(layer.layers):
            kernel, recurrent, bias = (getattr(layer, name_of(n, k)) for n in PARAMETERS)
            for d, end in enumerate(["", "_reverse"][: layer.directions]):
                columns = slice(d * G, (d + 1) * G)
                getattr(lstm, f"weight_ih_l{k}{end}").copy_(kernel[:, columns].t())
                getattr(lstm, f"weight_hh_l{k}{end}").copy_(recurrent[d].t())
                getattr(lstm, f"bias_ih_l{k}{end}").copy_(bias[columns])
                getattr(lstm, f"bias_hh_l{k}{end}").zero_()


def _gradients(lstm, D, layers):
    found = {}
    for k in range(layers):
        ends = [f"_l{k}{end}" for end in ["", "_reverse"][:D]]
        kernel, recurrent, bias = (
            [getattr(lstm, name + end).grad for end in ends]
            for name in ("weight_ih", "weight_hh", "bias_ih")
        )
        found[name_of("kernel", k)] = torch.cat([w.t() for w in kernel], dim=1)
        found[name_of("recurrent_kernel", k)] = torch.stack([w.t() for w in recurrent])
        found[name_of("bias", k)] = torch.cat(bias)
    return found


def _descend(batch, output, h, c):
    torch.autograd.backward([output, h, c], [batch.d_output, batch.d_h_n, batch.d_c_n])


def _found(batch, output, h, c, gradients):
    found = {"output": output, "h_n": h, "c_n": c, "h0": batch.h0.grad, "c0": batch.c0.grad}
    if batch.values.is_floating_point():
        found["x"] = batch.values.grad
    return {name: value.detach() for name, value in (found | gradients).items()}
