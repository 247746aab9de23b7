"""`precision` and `checkpoint` reach the kernels, and what they promise holds."""

from __future__ import annotations

import warnings

import pytest
import stacked
import torch
from close import OneDirection, assert_same_bits
from test_torch_operators import EVERY_CHECK, check, lstm_arguments, ops

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.kernels import _isa
from bothways.nn import Bidirectional, EmbeddingLSTM, _operator, use_threads

REALISTIC = [60, 0, 17, 1, 43, 60, 8, 29]
PRODUCTS = ("project", "project_backward_input", "project_backward_kernel")
RECURRENCES = ("lstm_forward", "lstm_backward")


@pytest.fixture
def told(monkeypatch):
    """What each kernel is told; it then computes as it always does."""
    heard = {}

    def listening(name):
        kernel = getattr(kernels, name)

        def call(*arguments, **keywords):
            options = ("precision", "interval")
            heard[name] = {k: keywords.pop(k) for k in options if k in keywords}
            return kernel(*arguments, **keywords)

        return call

    for name in (*PRODUCTS, *RECURRENCES):
        monkeypatch.setattr(kernels, name, listening(name))
    return heard


@pytest.mark.parametrize("V", [None, 9], ids=["steps", "ids"])
@pytest.mark.parametrize("precision", ["f32", "bf16"])
@pytest.mark.parametrize("checkpoint", [None, 7])
def test_every_kernel_is_told(told, V, precision, checkpoint):
    layer = stacked.new_layer(2, layers=2, V=V, precision=precision, checkpoint=checkpoint)
    stacked.run(layer, stacked.new_batch(layer, [3, 0, 2]))
    exact = {"precision": precision}
    expected = dict.fromkeys(PRODUCTS, exact)
    expected |= dict.fromkeys(RECURRENCES, exact | {"interval": checkpoint})
    assert told == expected


@pytest.mark.parametrize("interval", [None, 3])
def test_the_operators_keep_their_contracts(interval):
    """How many steps are kept depends on the data, which a static trace cannot hold."""
    checks = EVERY_CHECK if interval is None else EVERY_CHECK[:-1]
    for V in (None, 7):
        c, arguments = lstm_arguments(V, 2, True)
        check(ops.lstm, (*arguments, "bf16", interval), checks)
        arguments = [a.detach() if isinstance(a, torch.Tensor) else a for a in arguments]
        x, rows, index, offsets, kernel, _, recurrent, h0, c0, reverse = arguments
        states = list(ops.lstm(*arguments, "bf16", interval))
        tensors = (x, rows, index, offsets, kernel, recurrent, h0, c0, states)
        above = (c.d_output, c.d_h_n, c.d_c_n)
        check(ops.lstm_backward, (*above, *tensors, reverse, True, True, "bf16", interval))


def test_a_layer_with_checkpoints_compiles_into_one_graph():
    torch._dynamo.reset()
    layer = stacked.new_layer(2, layers=2, checkpoint=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own deprecations
        compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
        for lengths in ([3, 0, 4], [5, 2]):
            batch, found = stacked.new_batch(layer, lengths).ragged, []
            for call in (compiled, layer):
                layer.zero_grad()
                output, _ = call(batch)
                output.values.sum().backward()
                found.append([output.values.detach(), *(p.grad for p in layer.parameters())])
            for a, b in zip(*found, strict=True):
                assert_same_bits(a, b)
    torch._dynamo.reset()


@pytest.mark.parametrize("option", [{"precision": "bf16"}, {"checkpoint": 3}])
def test_they_are_refused_where_the_kernels_do_not_run(option, monkeypatch):
    monkeypatch.setattr(_operator, "on_kernels", lambda x: False)
    layer = stacked.new_layer(2, layers=1, **option)
    with pytest.raises(ArgumentError, match="are for the kernels on the CPU, got a batch on"):
        layer(stacked.new_batch(layer, [2, 1]).ragged)


@pytest.mark.parametrize(
    "option, reason",
    [
        ({"precision": "f16"}, r"precision must be one of \('f32', 'bf16'\), got 'f16'"),
        ({"precision": torch.bfloat16}, "precision must be one of .* got torch.bfloat16"),
        ({"precision": None}, "precision must be one of .* got None"),
        ({"checkpoint": 0}, "checkpoint must be a number of steps from 1, or None, got 0"),
        ({"checkpoint": 2.0}, "checkpoint must be a number of steps from 1, or None, got 2.0"),
    ],
)
def test_other_values_are_refused(option, reason):
    for build in (
        lambda: OneDirection(3, 4, **option),
        lambda: Bidirectional(3, 4, **option),
        lambda: EmbeddingLSTM(9, 3, 4, **option),
    ):
        with pytest.raises(ArgumentError, match=reason):
            build()


def test_they_are_shown():
    layer = Bidirectional(3, 4, layers=2, precision="bf16", checkpoint=9)
    shown = "3, 4, merge='concat', layers=2, precision='bf16', checkpoint=9"
    assert shown in repr(layer)
    assert layer.extra_repr() == shown


@pytest.mark.parametrize("checkpoint", [1, 4, 16, 1000])
@pytest.mark.parametrize("D, V", [(1, None), (2, None), (2, 9)])
def test_checkpoints_change_no_bit(isa, D, V, checkpoint):
    layer = stacked.new_layer(D, layers=2, I=24, H=32, V=V)
    kept = stacked.new_layer(D, layers=2, I=24, H=32, V=V, checkpoint=checkpoint)
    for lengths in (REALISTIC, [0, 0], [5]):
        batch = stacked.new_batch(layer, lengths)
        expected = stacked.run(layer, batch)
        for name, value in stacked.run(kept, batch).items():
            assert_same_bits(value, expected[name])


@use_threads(2)
@pytest.mark.parametrize("V", [None, 9], ids=["steps", "ids"])
def test_bf16_is_as_near_to_the_truth_as_torch_in_bf16(isa, monkeypatch, V):
    """And is not float32 under another name."""
    monkeypatch.setattr(_isa, "_emulate_bf16", True)
    layer = stacked.new_layer(2, layers=2, I=32, H=32, V=V, precision="bf16")
    exact = stacked.new_layer(2, layers=2, I=32, H=32, V=V)
    batch = stacked.new_batch(layer, [n for n in REALISTIC if n])
    truth, theirs = (stacked.run_torch(exact, batch, t) for t in (torch.float64, torch.bfloat16))
    ours, f32 = stacked.run(layer, batch), stacked.run(exact, batch)
    for name, value in truth.items():
        ratio = (ours[name] - value).norm() / (theirs[name] - value).norm()
        assert ratio <= 2, f"{name}: {ratio:.2f} times torch's error"
        assert not torch.equal(ours[name], f32[name]), name
