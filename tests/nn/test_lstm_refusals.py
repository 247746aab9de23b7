"""What `LSTM` refuses, in one sentence each, before any kernel reads it.

torch's layers raise a RuntimeError for some of these and a ValueError for others; programs that
catch either go on working.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from twins import sequences, states

from bothways.errors import ArgumentError, TensorError
from bothways.nn import LSTM, RaggedTensor, _ops


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch):
    def never(*_):
        raise AssertionError("native code was reached")

    monkeypatch.setattr(_ops, "lstm", never)
    monkeypatch.setattr(torch._VF, "lstm", never)


def layer(**options):
    return LSTM(5, 6, 2, bidirectional=True, **options)


def refuse(module, batch, *more, reason, **how):
    with pytest.raises(TensorError, match=reason) as caught:
        module(batch, *more, **how)
    assert isinstance(caught.value, (ArgumentError, RuntimeError, ValueError))
    assert isinstance(caught.value, RuntimeError) and isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


X = torch.zeros(4, 3, 5)


@pytest.mark.parametrize(
    "batch, reason",
    [
        (torch.zeros(5), r"Expected input to be 2D or 3D, \(L, N, I\) or \(L, I\), got 1D instead"),
        (torch.zeros(1, 4, 3, 5), "Expected input to be 2D or 3D.*got 4D instead"),
        (torch.zeros(4, 3, 6), "must be equal to input_size. Expected 5, got 6"),
        (torch.zeros(4, 6), "must be equal to input_size. Expected 5, got 6"),
        (X.double(), r"input dtype \(torch.float64\) does not match weight dtype"),
        (X.long(), r"input dtype \(torch.int64\) does not match weight dtype"),
        (X.to("meta"), "same device: input at meta, parameters at cpu"),
        (X.numpy(), "must be a tensor, a PackedSequence or a RaggedTensor, got ndarray"),
        ([torch.zeros(4, 5)], "got list"),
        (RaggedTensor(X, torch.tensor([0, 4])), r"has values \(T, I\), got \(4, 3, 5\)"),
        (RaggedTensor(torch.zeros(4, 6), torch.tensor([0, 4])), "Expected 5, got 6"),
        (torch.nested.nested_tensor([X[0], X[1]], layout=torch.jagged).double(), "torch.float64"),
        (
            torch.nested.nested_tensor([X, X], layout=torch.jagged),
            r"shape \(N, \*, I\), got torch.jagged with 4 dimensions",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_batches(batch, reason):
    refuse(layer(), batch, reason=reason)


def test_batches_of_other_layouts():
    refuse(layer(batch_first=True), torch.zeros(5), reason=r"\(N, L, I\) or \(L, I\), got 1D")
    whole = torch.nested.nested_tensor(sequences([3, 2]), layout=torch.jagged)
    narrowed = torch.nested.narrow(
        torch.zeros(2, 4, 5), 1, torch.tensor([0, 1]), torch.tensor([2, 3]), layout=torch.jagged
    )
    refuse(layer(), narrowed, reason="must be contiguous, got one with holes")
    refuse(layer(), whole.transpose(1, 2), reason=r"must have layout=torch.jagged and the shape")


def packed(data, sizes, *indices):
    """One that torch's constructor would not look through."""
    return tuple.__new__(PackedSequence, (data, sizes, *indices, *[None] * (2 - len(indices))))


@pytest.mark.parametrize(
    "data, sizes, indices, reason",
    [
        (X, [3, 1], (), "input must have 2 dimensions where it is packed, got 3"),
        (X[0], [1, 2], (), r"must not rise, and count the packed steps: got \[1, 2\] for 3"),
        (X[0], [2, 2], (), r"got \[2, 2\] for 3 of them"),
        (X[0], [3, 0], (), r"got \[3, 0\] for 3 of them"),
        (X[0], [4, -1], (), r"got \[4, -1\] for 3 of them"),
        (X[0], [], (), r"got \[\] for 3 of them"),
        (X[0, :0], [], (), r"got \[\] for 0 of them"),
        (X[0], [2, 1], ([0, 0], [0, 1]), r"sorted_indices must be each of 0 to 1 once, got \[0, 0"),
        (X[0], [2, 1], ([0, 1], [0, 2]), "unsorted_indices must be each of 0 to 1 once"),
        (X[0], [2, 1], ([0, 1, 2], [0, 1, 2]), "sorted_indices must be each of 0 to 1 once"),
    ],
    ids=str,
)
def test_packed_batches_that_lie(data, sizes, indices, reason):
    sizes = torch.tensor(sizes, dtype=torch.int64)
    refuse(layer(), packed(data, sizes, *map(torch.tensor, indices)), reason=reason)


def test_batch_sizes_of_another_kind():
    reason = r"must be int64 of shape \(L,\) on the CPU, got torch.int32 of shape \(2,\) on cpu"
    refuse(layer(), packed(X[0], torch.tensor([2, 1], dtype=torch.int32)), reason=reason)


def test_states_of_another_shape_dtype_or_device():
    module = layer()
    h, c = states(module, 3)
    cases = [
        ((h[:2], c), r"Expected hidden\[0\] size \(4, 3, 6\), got \[2, 3, 6\]"),
        ((h, c[:, :2]), r"Expected hidden\[1\] size \(4, 3, 6\), got \[4, 2, 6\]"),
        ((h[..., :5], c), r"Expected hidden\[0\] size"),
        ((h[0], c[0]), r"batched 3-D input, hx and cx should also be 3-D but got \(2-D, 2-D\)"),
        ((h, c[0]), r"should also be 3-D but got \(3-D, 2-D\)"),
        ((h.double(), c), r"hidden\[0\] is torch.float64, the input torch.float32"),
        ((h, c.to("meta")), r"same device: input at cpu, hidden\[1\] at meta"),
        ((h,), r"hx must be a pair of tensors \(h_0, c_0\), got tuple"),
        (h, r"hx must be a pair of tensors \(h_0, c_0\), got Tensor"),
        ((h, None), "must be a pair of tensors"),
    ]
    batch = RaggedTensor(torch.zeros(6, 5), torch.tensor([0, 1, 1, 6]))
    for hx, reason in cases:
        refuse(module, X, hx, reason=reason)
        refuse(module, pack_sequence(sequences([4, 2, 1])), hx, reason=reason)
        refuse(module, batch, hx, reason=reason)
    reason = r"unbatched 2-D input, hx and cx should also be 2-D but got \(3-D, 3-D\)"
    refuse(module, X[0], (h, c), reason=reason)
    refuse(module, X[0], (h[0], c[0]), reason=r"Expected hidden\[0\] size \(4, 1, 6\)")
    projected = LSTM(5, 6, proj_size=2)
    both = torch.zeros(1, 3, 6)
    reason = r"Expected hidden\[0\] size \(1, 3, 2\), got \[1, 3, 6\]"
    refuse(projected, X, (both, both), reason=reason)


@pytest.mark.parametrize(
    "how, reason",
    [
        ({"mask": torch.ones(4, 3)}, r"must be bool of shape \(4, 3\), got torch.float32"),
        ({"mask": torch.ones(3, 4).bool()}, r"got torch.bool of shape \(3, 4\)"),
        ({"mask": torch.ones(4).bool()}, r"got torch.bool of shape \(4,\)"),
        ({"mask": [[True] * 3] * 4}, "got list"),
        ({"mask": torch.ones(4, 3).bool().to("meta")}, "same device: input at cpu, mask at meta"),
        ({"lengths": torch.tensor([1, 2])}, r"of shape \(3,\), got torch.int64 of shape \(2,\)"),
        ({"lengths": torch.tensor([1.0, 2, 3])}, "whole numbers of shape .* got torch.float32"),
        ({"lengths": torch.tensor([True] * 3)}, "got torch.bool"),
        ({"lengths": "abc"}, r"whole numbers of shape \(3,\), got 'abc'"),
        ({"lengths": [1, 2, None]}, r"whole numbers of shape \(3,\), got \[1, 2, None\]"),
        ({"lengths": [1, 2, 2**70]}, "whole numbers of shape .* got .1, 2, 1180591620717411303424"),
        ({"lengths": [1, 2, 5]}, "must be from 0 to the 4 steps that there are, got 1 to 5"),
        ({"lengths": [1, -2, 4]}, "got -2 to 4"),
        ({"mask": torch.ones(4, 3).bool(), "lengths": [1, 2, 3]}, "both mask and lengths are"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_masks_and_lengths(how, reason):
    refuse(layer(), X, reason=reason, **how)


@pytest.mark.parametrize("how", [{"mask": torch.ones(4, 3).bool()}, {"lengths": [4, 2, 1]}])
def test_masks_and_lengths_beside_batches_without_padding(how):
    parts = sequences([4, 2, 1])
    for batch, name in (
        (pack_sequence(parts), "PackedSequence"),
        (RaggedTensor.from_list(parts), "RaggedTensor"),
        (torch.nested.nested_tensor(parts, layout=torch.jagged), "a nested tensor"),
    ):
        refuse(layer(), batch, reason=f"for a padded tensor, got one with {name}", **how)


def test_weights_of_several_kinds():
    module = layer()
    module.weight_hh_l1 = nn.Parameter(module.weight_hh_l1.detach().double())
    refuse(module, X, reason="all weights must have one dtype, got torch.float32, torch.float64")
    module = layer()
    module.bias_hh_l1 = nn.Parameter(module.bias_hh_l1.detach().to("meta"))
    refuse(module, X, reason="same device: input at cpu, parameters at meta")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("lie", [[0, 2], [1, 4], [0, 3, 1, 4], [0, 5, 4], []])
def test_offsets_that_lie(lie, dtype, monkeypatch):
    """By the kernels' own border, which is Python too, and before torch's own LSTM."""
    monkeypatch.undo()
    monkeypatch.setattr("bothways.nn._lstm._tell", lambda *_, **__: None)
    batch = RaggedTensor(torch.zeros(4, 5, dtype=dtype), torch.tensor(lie, dtype=torch.int64))
    with pytest.raises(ArgumentError, match="offsets"):
        layer().to(dtype)(batch)


@pytest.mark.parametrize(
    "options, kind",
    [
        ({"hidden_size": 0}, ValueError),
        ({"num_layers": 0}, ValueError),
        ({"proj_size": 6}, ValueError),
        ({"dropout": 1.5}, ValueError),
        ({"bias": 1}, TypeError),
        ({"precision": "bf16"}, TypeError),
    ],
    ids=str,
)
def test_constructors_refuse_what_torchs_does(options, kind):
    for layer_class in (nn.LSTM, LSTM):
        with pytest.raises(kind):
            layer_class(**{"input_size": 5, "hidden_size": 6} | options)
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        LSTM(5, 6, dropout=0.5)
