"""A call goes to the function itself, and to torch's operator where something looks on."""

from __future__ import annotations

import warnings

import pytest
import stacked
import torch
from close import assert_same_bits
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from bothways.nn import Pool, RaggedTensor, _operator, _ops

LENGTHS = [4, 0, 1, 7]
OPTIONS = {"layers": 2, "input_dropout": 0.3, "layer_dropout": 0.3}


@pytest.fixture
def dispatched(monkeypatch):
    """The operators that torch's dispatcher was asked for, in order."""
    seen = []
    for operator in (_ops.lstm, _ops.lstm_backward):

        def call(*arguments, real=operator._operator, name=operator.function.__name__):
            seen.append(name)
            return real(*arguments)

        monkeypatch.setattr(operator, "_operator", call)
    return seen


@pytest.mark.parametrize("V", [None, 9], ids=["steps", "ids"])
@pytest.mark.parametrize("how", ["max", "mean", "last"])
def test_both_ways_give_the_same_bits(dispatched, monkeypatch, V, how):
    layer = stacked.new_layer(2, V=V, **OPTIONS)
    batch, found = stacked.new_batch(layer, LENGTHS).ragged, []
    for looked_on in (False, True):
        if looked_on:
            monkeypatch.setattr(_operator, "looked_on", lambda: True)
        torch.manual_seed(2)
        layer.zero_grad()
        output, states = layer(batch)
        pooled = Pool(how)(output)
        (pooled.sin().sum() + states.c.sum()).backward()
        gradients = [p.grad.to_dense() for p in layer.parameters()]
        found.append([output.values.detach(), pooled.detach(), *gradients])
        expected = ["lstm"] * 2 + ["lstm_backward"] * 2 if looked_on else []
        assert dispatched == expected
    for a, b in zip(*found, strict=True):
        assert_same_bits(a, b)


@pytest.mark.parametrize("looked_on", [False, True])
def test_the_gradient_of_a_gradient_is_refused_on_both(looked_on, monkeypatch):
    monkeypatch.setattr(_operator, "looked_on", lambda: looked_on)
    layer = stacked.new_layer(2, layers=1, V=9)
    batch = stacked.new_batch(layer, LENGTHS).ragged
    output, _ = layer(batch)
    (gradient,) = torch.autograd.grad(
        output.values.square().sum(), layer.recurrent_kernel, create_graph=True
    )
    with pytest.raises(NotImplementedError, match="first derivatives only"):
        gradient.sum().backward()


def test_whoever_traces_sees_the_operator(dispatched):
    layer = stacked.new_layer(2, layers=1).requires_grad_(False)
    values, offsets = torch.randn(5, 5), torch.tensor([0, 2, 5])

    def run(x):
        return layer(RaggedTensor(x, offsets))[0].values

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing's deprecations
        graph = make_fx(run)(values)
        assert "bothways.lstm" in graph.code
        assert_same_bits(graph(values), run(values))
        traced = torch.jit.trace(run, values, check_trace=False)
        other = torch.randn(5, 5)
        assert_same_bits(traced(other), run(other))
        with FakeTensorMode(allow_non_fake_inputs=True):
            assert run(torch.empty(5, 5)).shape == (5, 12)
        both = torch.func.vmap(run)(torch.stack([values, other]))
        assert_same_bits(both[1], run(other))
    assert dispatched == ["lstm"] * 3  # torch.func has a form of its own
