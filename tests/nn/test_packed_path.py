"""What runs on other devices is the kernels' function: here torch's path runs on the CPU."""

from __future__ import annotations

import pytest
import torch
from close import DIFFERENTIABLE, layer_for, make_case
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.nn import Pool, RaggedTensor, States, _operator
from bothways.nn._packed import packed_lstm
from bothways.nn._pooling import _pool_with_torch

few = settings(max_examples=30, deadline=None)
drawn_lengths = st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 8]), max_size=9)


def close(a, b):
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@few
@given(
    lengths=drawn_lengths,
    H=st.sampled_from([1, 6, 17]),
    D=st.sampled_from([1, 2]),
    initial=st.booleans(),
    seed=st.integers(0, 999),
)
def test_packed_lstm_is_the_kernels(lengths, H, D, initial, seed):
    case = make_case(lengths, H=H, D=D, seed=seed)
    found = []
    for kernels in (True, False):
        c = case.to(torch.float32)
        states = (c.h0, c.c0) if initial else (None, None)
        weights = (c.kernel, c.bias, c.recurrent_kernel)
        arguments = (c.offsets, *weights, *states)
        if kernels:
            results = torch.ops.bothways.lstm(c.x, None, None, *arguments, False)[:3]
        else:
            results = packed_lstm(c.x, *arguments)
        above = zip(results, (c.d_output, c.d_h_n, c.d_c_n), strict=True)
        above = [(result, d) for result, d in above if result.requires_grad]
        if above:
            torch.autograd.backward(*map(list, zip(*above, strict=True)))
        # An input without steps has no gradient in torch; the kernels' is zero.
        leaves = [getattr(c, name) for name in DIFFERENTIABLE]
        found.append(
            [*results, *(torch.zeros_like(t) if t.grad is None else t.grad for t in leaves)]
        )
    for a, b in zip(*found, strict=True):
        close(a, b)


@few
@given(
    lengths=drawn_lengths,
    F=st.sampled_from([1, 4, 19]),
    how=st.sampled_from(["last", "mean", "max"]),
    seed=st.integers(0, 999),
)
def test_pooling_with_torch_is_the_kernels(lengths, F, how, seed):
    g = torch.Generator().manual_seed(seed)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    values = torch.randint(-2, 3, (sum(lengths), F), generator=g).float()  # many ties
    d = torch.randn(len(lengths), F, generator=g)
    found = []
    for pool in (
        lambda x, o: Pool(how)(RaggedTensor(x, o)),
        lambda x, o: _pool_with_torch(x, o, how),
    ):
        x = values.clone().requires_grad_()
        pooled = pool(x, offsets)
        pooled.backward(d)
        found.append((pooled, x.grad))
    tolerance = {"rtol": 1e-6, "atol": 1e-6} if how == "mean" else {"rtol": 0, "atol": 0}
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, **tolerance)


@pytest.mark.parametrize("path", ["kernels", "torch"])
def test_the_first_of_equal_maxima_gets_the_gradient(path, monkeypatch):
    monkeypatch.setattr(_operator, "on_kernels", lambda x: path == "kernels")
    x = torch.tensor([[1.0], [2.0], [2.0], [2.0], [0.0], [0.0]], requires_grad=True)
    pooled = Pool("max")(RaggedTensor(x, torch.tensor([0, 4, 4, 6])))
    assert pooled[:, 0].tolist() == [2, 0, 0]
    pooled.backward(torch.tensor([[3.0], [5.0], [7.0]]))
    assert x.grad[:, 0].tolist() == [0, 3, 0, 0, 7, 0]


@pytest.mark.parametrize("path", ["kernels", "torch"])
def test_a_nan_is_the_largest_and_stays_in_its_sequence(path, monkeypatch):
    monkeypatch.setattr(_operator, "on_kernels", lambda x: path == "kernels")
    nan = float("nan")
    x = torch.tensor([[1.0], [nan], [3.0], [4.0], [-5.0]], requires_grad=True)
    for how, expected in {"max": 4.0, "mean": -0.5, "last": -5.0}.items():
        x.grad = None
        pooled = Pool(how)(RaggedTensor(x, torch.tensor([0, 3, 5])))
        assert pooled[1].item() == expected
        assert pooled[0].isnan().item() == (how != "last")
        pooled.sum().backward()
        assert x.grad.isfinite().all()
    monkeypatch.undo()


def both_paths(monkeypatch, case, **options):
    """Results and gradients of a layer on the kernels' path and on the other one."""
    found = []
    for kernels in (True, False):
        monkeypatch.setattr(_operator, "on_kernels", lambda x, kernels=kernels: kernels)
        c = case.to(torch.float32)
        layer = layer_for(c, **options)
        values = c.x if c.ids is None else c.ids
        output, states = layer(RaggedTensor(values, c.offsets), None, States(c.h0, c.c0))
        pooled = Pool("max")(output)
        (pooled.sum() + (output.values * c.d_output).sum() + (states.c * c.d_c_n).sum()).backward()
        assert output.offsets.device.type == "cpu"
        gradients = {name: p.grad for name, p in layer.named_parameters()}
        if c.ids is not None:
            assert gradients["embedding"].is_sparse
            rows = gradients["embedding"].coalesce().indices()[0]
            assert torch.equal(rows, c.ids.unique())
        found.append([output.values, *states, pooled, c.h0.grad, *gradients.values()])
    return found


@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize("V", [None, 40], ids=["steps", "ids"])
def test_layers_on_both_paths(D, V, monkeypatch):
    """The sparse gradient of the table among the rest, also with dropout."""
    case = make_case([4, 0, 1, 7, 1, 3], D=D, V=V)
    for ours, theirs in zip(*both_paths(monkeypatch, case), strict=True):
        close(ours.to_dense(), theirs.to_dense())


def test_integers_of_both_widths_on_the_other_path(monkeypatch):
    monkeypatch.setattr(_operator, "on_kernels", lambda x: False)
    case = make_case([4, 0, 3], V=9)
    layer = layer_for(case)
    a, _ = layer(RaggedTensor(case.ids.int(), case.offsets))
    b, _ = layer(RaggedTensor(case.ids, case.offsets))
    close(a.values, b.values)


def test_double_precision_is_kept_on_the_other_path(monkeypatch):
    """The kernels refuse it; torch's path computes in it."""
    monkeypatch.setattr(_operator, "on_kernels", lambda x: False)
    case = make_case([4, 0, 3]).to(torch.float64)
    layer = layer_for(case).double()
    output, _ = layer(RaggedTensor(case.x, case.offsets))
    assert output.values.dtype == torch.float64
    assert torch.autograd.gradcheck(
        lambda x: layer(RaggedTensor(x, case.offsets))[0].values, (case.x,), fast_mode=True
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch can use")
@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize("V", [None, 40], ids=["steps", "ids"])
def test_layers_on_a_gpu_are_those_on_the_cpu(D, V):
    found = []
    for device in ("cpu", "cuda"):
        case = make_case([4, 0, 1, 7, 1, 3], D=D, V=V)
        layer = layer_for(case).to(device)
        values = (case.x if V is None else case.ids).to(device)
        initial = States(case.h0.to(device), case.c0.to(device))
        output, states = layer(RaggedTensor(values, case.offsets), None, initial)
        assert output.values.device.type == device and output.offsets.device.type == "cpu"
        padded = torch.randint(0, 40, (2, 3)) if V else torch.randn(2, 3, 5)
        mask = torch.tensor([[True, False, True], [False, False, False]])
        again, _ = layer(padded.to(device), mask.to(device))
        pooled = Pool("max")(output)
        (pooled.sum() + states.c.sum()).backward()
        gradients = [p.grad.to_dense() for p in layer.parameters()]
        found.append([t.cpu() for t in (output.values, *states, pooled, again, *gradients)])
    found[0][4], found[1][4] = found[0][4] * 0, found[1][4] * 0  # drawn anew: shape alone
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)  # cuDNN may compute in TF32
