"""What torch does with modules, done with `LSTM`: autocast, compilers, `torch.func`, DDP."""

from __future__ import annotations

import socket
import subprocess
import sys
import warnings

import pytest
import torch
from close import assert_same_bits
from torch import nn
from torch._dynamo import config
from torch.nn.utils.rnn import pack_sequence
from twins import assert_close, padded, plain, run, sequences, states, twins

from bothways import kernels
from bothways.kernels import _isa
from bothways.nn import LSTM, RaggedTensor, use_threads


class Tagger(nn.Module):
    """An LSTM between layers of torch."""

    def __init__(self):
        super().__init__()
        self.lstm = LSTM(5, 6, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(12, 2)

    def forward(self, x, mask=None):
        return self.head(self.lstm(x * 2, mask=mask)[0])


@pytest.fixture
def tagger():
    """It, with compilers' memories emptied before and after."""
    torch.manual_seed(0)
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compilers' own deprecations
        yield Tagger()
    torch._dynamo.reset()


def gradients(model, output):
    model.zero_grad()
    output.sin().sum().backward()
    return [p.grad.clone() for p in model.parameters()]


def assert_same_steps(model, compiled):
    """Outputs and gradients have the same bits, also for sizes not seen before."""
    for N, L in ((3, 4), (2, 7), (1, 1)):
        x = torch.randn(N, L, 5)
        a, b = compiled(x), model(x)
        assert_same_bits(a.detach(), b.detach())
        for p, q in zip(gradients(model, a), gradients(model, b), strict=True):
            assert_same_bits(p, q)


def test_compiled_with_a_break_of_the_graph(tagger):
    """As torch's own LSTM has it, unless the compiler is told to look inside."""
    with pytest.raises(Exception, match="allow_rnn"):
        torch.compile(tagger, backend="aot_eager", fullgraph=True)(torch.randn(3, 4, 5))
    torch._dynamo.reset()
    assert_same_steps(tagger, torch.compile(tagger, backend="aot_eager"))


def test_compiled_as_one_graph(tagger):
    with config.patch(allow_rnn=True):
        compiled = torch.compile(tagger, backend="aot_eager", fullgraph=True)
        assert_same_steps(tagger, compiled)
        x, mask = torch.randn(3, 4, 5), torch.rand(3, 4) < 0.5
        assert_same_bits(compiled(x, mask).detach(), tagger(x, mask).detach())
        hx = states(tagger.lstm, 3)
        layer = torch.compile(tagger.lstm, backend="aot_eager", fullgraph=True)
        for a, b in zip(layer(x, hx)[1], tagger.lstm(x, hx)[1], strict=True):
            assert_same_bits(a.detach(), b.detach())


@pytest.mark.parametrize("strict", [True, False])
def test_exported_with_any_batch_and_length(tagger, strict, tmp_path):
    x = torch.randn(3, 4, 5)
    sizes = {0: torch.export.Dim("N"), 1: torch.export.Dim("L")}
    program = torch.export.export(tagger, (x,), dynamic_shapes={"x": sizes}, strict=strict)
    assert "bothways.lstm" in str(program.graph)
    torch.export.save(program, tmp_path / "tagger.pt2")
    again = torch.export.load(tmp_path / "tagger.pt2").module()
    for shape in ((3, 4, 5), (2, 9, 5)):
        x = torch.randn(shape)
        assert_same_bits(again(x).detach(), tagger(x).detach())


@use_threads(1)
def test_func_is_torchs():
    """Gradients as functions, each sample's by itself, and a Jacobian."""
    x, found = torch.stack(sequences([4] * 3)), []
    for layer in twins(5, 6, 2, bidirectional=True, batch_first=True):
        weights = dict(layer.named_parameters())

        def loss(weights, x, layer=layer):
            output, (h, _) = torch.func.functional_call(layer, weights, (x,))
            return output.square().sum() + h.sum()

        whole = torch.func.grad(loss)(weights, x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own LSTM has no rule for batches
            each = torch.func.vmap(torch.func.grad(loss), (None, 0))(weights, x)
        jacobian = torch.func.jacrev(lambda x, layer=layer: layer(x)[0].sum(dim=(1, 2)))(x)
        found.append([*whole.values(), *each.values(), jacobian])
    assert_close(*reversed(found))
    ours = twins(5, 6, 2, bidirectional=True, batch_first=True)[1]
    batches = torch.stack([x, x + 1])
    output, (h, _) = torch.func.vmap(ours)(batches)
    assert_same_bits(output[1], ours(batches[1])[0])
    assert_same_bits(h[1], ours(batches[1])[1][0])


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_derivatives_forward_are_refused():
    """They were zeros once: torch's operators have none, and say nothing."""
    x, layer = torch.stack(sequences([4] * 3)), LSTM(5, 6)
    with pytest.raises(NotImplementedError, match="forward mode AD"):
        torch.func.jvp(lambda x: layer(x)[0], (x,), (x,))
    with (
        torch.autograd.forward_ad.dual_level(),
        pytest.raises(NotImplementedError, match="forward mode AD"),
    ):
        layer(torch.autograd.forward_ad.make_dual(x, x))


def test_checkpointing_recomputes_the_same_bits():
    layer = LSTM(5, 6, 2, bidirectional=True)
    x = torch.stack(sequences([4] * 3)).requires_grad_()
    found = []
    for call in (layer, None):
        layer.zero_grad()
        x.grad = None
        if call is None:
            output = torch.utils.checkpoint.checkpoint(layer, x, use_reentrant=False)[0]
        else:
            output = layer(x)[0]
        output.sin().sum().backward()
        found.append([output.detach(), x.grad, *(p.grad for p in layer.parameters())])
    for a, b in zip(*found, strict=True):
        assert_same_bits(a, b)


@pytest.mark.parametrize("form", ["padded", "packed", "mask", "one"])
@pytest.mark.parametrize("given", [torch.float32, torch.bfloat16], ids=str)
def test_under_autocast_the_types_are_torchs(form, given):
    theirs, ours = twins(5, 6, 2, bidirectional=True, batch_first=True)
    parts = [p.to(given) for p in sequences([4, 7, 2])]
    x, mask = padded(parts)
    batch = {"packed": pack_sequence(parts, enforce_sorted=False), "one": parts[0]}.get(form, x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected, (h, c) = theirs(batch)
        output, last = ours(batch, **({"mask": mask} if form == "mask" else {}))
        again, _ = ours(batch, last) if form != "mask" else (output, None)
    assert plain(output).dtype == plain(expected).dtype == plain(again).dtype
    assert [s.dtype for s in last] == [h.dtype, c.dtype]
    if form == "mask":
        output = output * mask[..., None]
        expected = expected.where(mask[..., None], 0)  # torch reads the padding: only before it
        output, expected = output[:, 0, :6], expected[:, 0, :6]
    torch.testing.assert_close(plain(output), plain(expected), rtol=0.05, atol=0.02)


def test_autocast_is_bf16_in_the_products_alone(isa, monkeypatch):
    """Nearer to the truth than torch's own under the same autocast, and not float32 unnoticed."""
    monkeypatch.setattr(_isa, "_emulate_bf16", True)
    told = []
    real = kernels.project
    monkeypatch.setattr(
        kernels, "project", lambda *a, **k: told.append(k["precision"]) or real(*a, **k)
    )
    theirs, ours = twins(32, 32, 2, bidirectional=True)
    exact = nn.LSTM(32, 32, 2, bidirectional=True).double()
    exact.load_state_dict(theirs.state_dict())
    batch = pack_sequence(sequences([60, 17, 43], I=32), enforce_sorted=False)
    truth = run(exact, batch.to(torch.float64))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        a, b = run(ours, batch), run(theirs, batch)
    assert told == ["bf16"] * 2
    for got, other, value in zip(a, b, truth, strict=True):
        assert got.dtype == torch.float32
        assert (got - value).norm() <= 2 * (other - value).norm()
        assert not torch.equal(got, value.float())


def test_a_default_device_is_not_taken_for_the_batchs():
    layer, x = LSTM(5, 6), torch.randn(4, 3, 5)
    expected = layer(x)[0]
    packed = pack_sequence(sequences([4, 2, 1]))
    with torch.device("meta"):
        assert_same_bits(layer(x)[0], expected)
        assert layer(packed)[0].data.device.type == "cpu"
        ragged = RaggedTensor(packed.data, torch.tensor([0, 3, 3, 7], device="cpu"))
        assert layer(ragged)[0].values.device.type == "cpu"
        mask = torch.ones(4, 3, dtype=torch.bool, device="cpu")
        assert layer(x, mask=mask)[0].device.type == "cpu"


DDP = """
import sys, torch, torch.distributed as dist, torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils.rnn import pack_sequence
from bothways.nn import LSTM

def parts():
    torch.manual_seed(1)
    return [torch.randn(n, 5) for n in (4, 9, 2, 7)]

def backward(model, some):
    output, _ = model(pack_sequence(some, enforce_sorted=False))
    output.data.square().sum().backward()
    return [p.grad.clone() for p in model.parameters()]

def new():
    torch.manual_seed(0)
    return LSTM(5, 6, 2, bidirectional=True)

def work(rank, port):
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    found = backward(DistributedDataParallel(new()), parts()[rank * 2 : rank * 2 + 2])
    for got, whole in zip(found, backward(new(), parts()), strict=True):
        torch.testing.assert_close(got, whole / 2, rtol=1e-4, atol=1e-5)
    dist.destroy_process_group()

if __name__ == "__main__":
    mp.spawn(work, (int(sys.argv[1]),), nprocs=2)
    print("same")
"""


def test_two_processes_have_the_gradients_of_one(tmp_path):
    """DistributedDataParallel over gloo."""
    (tmp_path / "ddp.py").write_text(DDP)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, str(tmp_path / "ddp.py"), port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "same"
