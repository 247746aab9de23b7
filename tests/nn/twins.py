"""`bothways.nn.LSTM` beside `torch.nn.LSTM`, with the same weights, on the same batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_sequence

from bothways.nn import LSTM, RaggedTensor, use_threads


def twins(*sizes, seed=0, **options) -> tuple[nn.LSTM, LSTM]:
    """torch's and ours, with the same weights."""
    pair = []
    for kind in (nn.LSTM, LSTM):
        torch.manual_seed(seed)
        pair.append(kind(*sizes, **options))
    return pair[0], pair[1]


def sequences(lengths, I=5, seed=0) -> list[Tensor]:  # noqa: E741
    """Sequences `(length, I)`."""
    g = torch.Generator().manual_seed(seed)
    return [torch.randn(n, I, generator=g) for n in lengths]


def padded(parts, *, filling=0.0, batch_first=True) -> tuple[Tensor, Tensor]:
    """The sequences side by side, and the mask of their steps."""
    lengths = torch.tensor([len(p) for p in parts])
    x = pad_sequence(parts, batch_first=batch_first, padding_value=filling)
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    return x, mask if batch_first else mask.t()


def states(layer, N, seed=1) -> tuple[Tensor, Tensor]:
    """Drawn initial states for `N` sequences."""
    g = torch.Generator().manual_seed(seed)
    rows = layer.num_layers * (1 + layer.bidirectional)
    widths = (layer.proj_size or layer.hidden_size, layer.hidden_size)
    dtype = next(layer.parameters()).dtype
    return tuple(torch.randn(rows, N, H, generator=g).to(dtype) for H in widths)


def plain(output) -> Tensor:
    """The tensor of what a layer gives, whatever its form."""
    if isinstance(output, (PackedSequence, RaggedTensor)):
        return output[0]
    return output.values() if output.is_nested else output


@use_threads(1)  # on such small products torch's threads only wait for one another
def run(layer, batch, hx=None, *, seed=7, **how) -> list[Tensor]:
    """Output, last states, and the gradients of the batch, its states and the weights."""
    torch.manual_seed(seed)
    layer.zero_grad()
    leaf = plain(batch).detach().clone().requires_grad_()
    if isinstance(batch, (PackedSequence, RaggedTensor)):
        fed = type(batch)(leaf, *batch[1:])
    elif batch.is_nested:
        fed = torch.nested.nested_tensor_from_jagged(leaf, batch.offsets())
    else:
        fed = leaf
    if hx is not None:
        hx = tuple(s.detach().clone().requires_grad_() for s in hx)
    output, (h, c) = layer(fed, *([] if hx is None else [hx]), **how)
    above = [torch.cos(torch.arange(t.numel())).view_as(t).to(t) for t in (plain(output), h, c)]
    torch.autograd.backward([plain(output), h, c], above)
    gradients = [leaf.grad, *([] if hx is None else [s.grad for s in hx])]
    gradients += [p.grad for p in layer.parameters()]
    return [t.detach() for t in (plain(output), h, c, *gradients)]


def assert_close(ours, theirs, **tolerance):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, **(tolerance or {"rtol": 1e-4, "atol": 1e-5}))
