"""Where torch's own LSTM computes: what it says, and that nothing else differs."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence
from twins import assert_close, padded, plain, run, sequences, states, twins

from bothways.nn import LSTM, RaggedTensor, _lstm, _operator, use_threads

# torch's own, once a process.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


@pytest.fixture
def untold(monkeypatch):
    """As in a new process: nothing has been said."""
    monkeypatch.setattr(_lstm, "_told", set())


@pytest.fixture
def quietly(monkeypatch):
    """What it says is tested by itself."""
    monkeypatch.setattr(_lstm, "_tell", lambda *_, **__: None)


def test_torchs_own_samples():
    """Those that PyTorch tests its modules with, and their references."""
    pytest.importorskip("expecttest", reason="PyTorch's testing module needs it")
    program = Path(__file__).with_name("torch_samples.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "128 samples\n"


@pytest.mark.parametrize(
    "options, dtype, reason",
    [
        ({"proj_size": 3}, torch.float32, "proj_size is 3, which the kernels do not know"),
        ({}, torch.float64, "the weights are torch.float64, the kernels compute in float32"),
        ({}, torch.bfloat16, "the weights are torch.bfloat16, the kernels compute in float32"),
    ],
)
def test_it_is_said_once_for_each_reason(options, dtype, reason, untold):
    layer = LSTM(5, 6, **options, dtype=dtype)
    x = torch.randn(4, 3, 5, dtype=dtype)
    told = f"bothways.nn.LSTM runs through torch's own LSTM: {reason}"
    with pytest.warns(UserWarning, match=f"^{told}$") as caught:
        layer(x)
    assert caught[0].filename == __file__  # it points at the call
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(x)
        LSTM(5, 6)(torch.randn(4, 3, 5))


def test_on_another_device_it_is_no_slow_path_and_only_logged(untold, monkeypatch, caplog):
    monkeypatch.setattr(_operator, "on_kernels", lambda x: False)
    with caplog.at_level(logging.DEBUG, "bothways"):
        LSTM(5, 6)(torch.randn(4, 3, 5))
    assert [r.getMessage() for r in caplog.records] == [
        "bothways.nn.LSTM runs through torch's own LSTM: the batch is on cpu"
    ]


OTHERS = {
    "projected": ({"proj_size": 3}, torch.float32),
    "double": ({}, torch.float64),
    "both": ({"proj_size": 2}, torch.float64),
}


@pytest.mark.parametrize("options, dtype", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("form", ["packed", "ragged", "nested", "mask"])
def test_other_weights_in_every_form(options, dtype, form, quietly):
    theirs, ours = twins(5, 6, 2, bidirectional=True, batch_first=True, **options, dtype=dtype)
    lengths = [4, 2, 7]
    parts = [p.to(dtype) for p in sequences(lengths)]
    hx = states(ours, 3)
    packed = pack_sequence(parts, enforce_sorted=False)
    expected = run(theirs, packed, hx)
    batch, how = packed, {}
    if form == "ragged":
        batch = RaggedTensor.from_list(parts)
    elif form == "nested":
        batch = torch.nested.nested_tensor(parts, layout=torch.jagged)
    elif form == "mask":
        batch, mask = padded(parts)
        how = {"mask": mask}
    output, (h, c) = ours(batch, hx, **how)
    if form == "packed":
        got = plain(output)
    else:
        got = output[mask] if form == "mask" else plain(output)
        split = torch.nn.utils.rnn.unpack_sequence(packed._replace(data=expected[0]))
        expected[0] = torch.cat(split)
    assert got.dtype == dtype
    assert_close([got, h, c], expected[:3])


@pytest.mark.parametrize("form", ["padded", "packed", "ragged", "mask"])
@use_threads(1)
def test_gradcheck_in_double_also_of_gradients(form, quietly):
    layer = LSTM(2, 2, 2, bidirectional=True, dtype=torch.float64)
    parts = [p.double() for p in sequences([3, 1], I=2)]
    mask = padded(parts, batch_first=False)[1]
    offsets = torch.tensor([0, 3, 3, 4])

    def call(values, *weights):
        names = [name for name, _ in layer.named_parameters()]
        batch, how = values, {}
        if form == "packed":
            batch = pack_sequence(list(values.split([3, 1])), enforce_sorted=False)
        elif form == "ragged":
            batch = RaggedTensor(values, offsets)
        elif form == "mask":
            batch, how = values.expand(2, -1, -1).transpose(0, 1)[:3], {"mask": mask}
        else:
            batch = values[:, None]
        output, states = torch.func.functional_call(
            layer, dict(zip(names, weights, strict=True)), (batch,), how
        )
        return plain(output), *states

    leaves = [torch.cat(parts), *(p.detach() for p in layer.parameters())]
    leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    assert torch.autograd.gradcheck(call, leaves, fast_mode=True)
    assert torch.autograd.gradgradcheck(call, leaves, fast_mode=True)


@pytest.mark.parametrize("form", ["padded", "packed", "mask"])
def test_gradcheck_of_the_kernels(form):
    """In float32, which is what they compute in; a step of 1e-2 leaves three digits."""
    torch.manual_seed(0)
    layer = LSTM(2, 3, bidirectional=True)
    mask = torch.tensor([[1, 1], [1, 0], [0, 1]], dtype=torch.bool)

    def call(x, *hx):
        if form == "packed":
            x = pack_sequence([x[:, 0], x[:1, 1]])
        how = {"mask": mask} if form == "mask" else {}
        output, states = layer(x, hx, **how)
        return plain(output), *states

    leaves = [torch.randn(3, 2, 2), *(torch.randn(2, 2, 3) for _ in range(2))]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not a double precision floating point.*")
        assert torch.autograd.gradcheck(
            call, [leaf.requires_grad_() for leaf in leaves], eps=1e-2, atol=2e-3, rtol=2e-3
        )


def test_the_gradient_of_a_gradient_is_refused_by_the_kernels():
    x = torch.randn(4, 3, 5, requires_grad=True)
    (gradient,) = torch.autograd.grad(LSTM(5, 6)(x)[0].square().sum(), x, create_graph=True)
    with pytest.raises(NotImplementedError, match="first derivatives only"):
        gradient.sum().backward()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch can use")
def test_on_a_gpu():
    ours = LSTM(5, 6, 2, bidirectional=True, batch_first=True)
    parts = sequences([4, 0, 7])
    x, mask = padded(parts)
    found = []
    for device in ("cpu", "cuda"):
        layer = ours.to(device)
        ragged = RaggedTensor.from_list([p.to(device) for p in parts])
        masked, (h, c) = layer(x.to(device), mask=mask.to(device))
        values = layer(ragged)[0].values
        whole, _ = layer(x.to(device))
        packed, _ = layer(pack_sequence([p.to(device) for p in parts if len(p)], False))
        found.append([t.cpu().detach() for t in (masked, h, c, values, whole, packed.data)])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)  # cuDNN may compute in TF32
