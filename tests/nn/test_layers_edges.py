"""The smallest sizes, strided and foreign input, threads and forks."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from close import (
    OneDirection,
    assert_nearly_as_good_as_torch,
    assert_same_bits,
    layer_for,
    make_case,
)

from bothways.errors import ArgumentError
from bothways.nn import Bidirectional, EmbeddingLSTM, Pool, RaggedTensor, States

LENGTHS = [40, 0, 1, 7, 25, 3, 60, 12]


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def forward_and_backward(layer, case):
    """Results and gradients, flat."""
    case = case.to(torch.float32)
    layer.zero_grad()
    values = case.x if case.ids is None else case.ids
    output, states = layer(RaggedTensor(values, case.offsets), None, States(case.h0, case.c0))
    above = [case.d_output, case.d_h_n, case.d_c_n]
    torch.autograd.backward([output.values, *states], above)
    inputs = [case.h0.grad, case.c0.grad, *([case.x.grad] if case.ids is None else [])]
    gradients = [p.grad.to_dense().clone() for p in layer.parameters()]
    return [t.detach() for t in (output.values, *states, *inputs, *gradients)]


def assert_all_same(a, b):
    for one, other in zip(a, b, strict=True):
        assert_same_bits(one, other)


@pytest.mark.parametrize("V", [None, 1, 5], ids=["steps", "one word", "ids"])
@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize(
    "lengths, I, H",
    [
        ([1], 1, 1),
        ([3], 1, 1),
        ([1, 1], 1, 4),
        ([2, 5], 3, 1),
        ([], 3, 4),
        ([0], 3, 4),
        ([0, 0, 0], 1, 1),
        ([0, 1, 0], 2, 2),
    ],
)
def test_smallest_sizes(isa, lengths, I, H, D, V):  # noqa: E741
    assert_nearly_as_good_as_torch(make_case(lengths, I=I, H=H, D=D, V=V))


@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (0, 0)])
def test_padded_batches_without_steps(shape):
    for D in (1, 2):
        layer = layer_for(make_case([1], D=D))
        x = torch.zeros(*shape, 5, requires_grad=True)
        output, states = layer(x)
        assert output.shape == (*shape, D * 6) and states.h.shape == (D, shape[0], 6)
        assert (states.h == 0).all() and (states.c == 0).all()
        (output.sum() + states.h.sum()).backward()
        assert x.grad.shape == x.shape
        assert all((p.grad == 0).all() for p in layer.parameters())
        for how in ("last", "mean", "max"):
            assert torch.equal(Pool(how)(output), torch.zeros(shape[0], D * 6))
    output, _ = EmbeddingLSTM(9, 3, 2)(torch.zeros(shape, dtype=torch.int64))
    assert output.shape == (*shape, 4)


@pytest.mark.parametrize("stride", ["transposed", "every other", "expanded", "offset"])
def test_strided_input_is_read_right_and_left_alone(stride):
    case = make_case([4, 3], D=2)
    layer = layer_for(case)
    wide = torch.randn(7, 10)
    views = {
        "transposed": torch.randn(5, 7).t(),
        "every other": wide[:, ::2],
        "expanded": torch.randn(1, 5).expand(7, 5),
        "offset": torch.randn(10, 5)[3:],
    }
    x = views[stride].detach().requires_grad_()
    dense = x.detach().clone().requires_grad_()
    h0 = torch.randn(6, 2, 2).permute(2, 1, 0).requires_grad_()  # (D, N, H), strided
    initial = States(h0, torch.randn(2, 6, 2).transpose(1, 2))
    before = x.detach().clone()
    found = []
    for values, states in ((x, initial), (dense, States(*(s.contiguous() for s in initial)))):
        layer.zero_grad()
        output, last = layer(RaggedTensor(values, case.offsets), None, states)
        torch.autograd.backward(
            [output.values, last.h], [case.d_output.t().contiguous().t(), torch.ones(2, 2, 6)]
        )
        found.append([output.values.detach(), values.grad, *(p.grad for p in layer.parameters())])
    assert_all_same(*found)
    assert_same_bits(x.detach(), before)


def test_ids_and_offsets_may_be_strided():
    layer = EmbeddingLSTM(9, 3, 2)
    ids, offsets = torch.tensor([[1, 0], [5, 0], [8, 0]])[:, 0], torch.tensor([0, 7, 2, 7, 3])[::2]
    assert_same_bits(
        layer(RaggedTensor(ids, offsets))[0].values,
        layer(RaggedTensor(torch.tensor([1, 5, 8]), torch.tensor([0, 2, 3])))[0].values,
    )


def test_parameters_may_be_strided():
    case = make_case([4, 3])
    layer = layer_for(case)
    expected = forward_and_backward(layer, case)
    layer.kernel = torch.nn.Parameter(layer.kernel.detach().t().contiguous().t())
    layer.recurrent_kernel = torch.nn.Parameter(
        layer.recurrent_kernel.detach().transpose(1, 2).contiguous().transpose(1, 2)
    )
    assert not layer.kernel.is_contiguous()
    assert_all_same(forward_and_backward(layer, case), expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_precisions_are_refused_on_the_cpu(dtype):
    offsets = torch.tensor([0, 2, 3])
    for layer in (OneDirection(3, 4), Bidirectional(3, 4)):
        with pytest.raises(ArgumentError, match=f"compute in float32, got {dtype}"):
            layer(RaggedTensor(torch.zeros(3, 3, dtype=dtype), offsets))
        with pytest.raises(ArgumentError, match=f"compute in float32, got {dtype}"):
            layer.to(dtype)(RaggedTensor(torch.zeros(3, 3), offsets))
    with pytest.raises(ArgumentError, match=f"compute in float32, got {dtype}"):
        EmbeddingLSTM(9, 3, 4).to(dtype)(torch.zeros(1, 2, dtype=torch.int64))
    for how in ("last", "mean", "max"):
        with pytest.raises(ArgumentError, match=f"compute in float32, got {dtype}"):
            Pool(how)(RaggedTensor(torch.zeros(3, 3, dtype=dtype), offsets))


def test_shapes_that_disagree_are_refused_before_native_code_runs():
    layer, offsets = Bidirectional(3, 4), torch.tensor([0, 2, 3])
    zeros = torch.zeros(2, 2, 4)
    with pytest.raises(ArgumentError, match=r"kernel has the shape \(3, 32\) and needs \(5, 32\)"):
        layer(RaggedTensor(torch.zeros(3, 5), offsets))
    for h0, name in ((zeros[:1], "h0"), (zeros[:, :1], "h0"), (zeros[..., :3], "h0")):
        with pytest.raises(ArgumentError, match=f"{name} has the shape"):
            layer(RaggedTensor(torch.zeros(3, 3), offsets), None, States(h0, zeros))
        with pytest.raises(ArgumentError, match="c0 has the shape"):
            layer(RaggedTensor(torch.zeros(3, 3), offsets), None, States(zeros, h0))
    for lie in ([0, 2], [1, 3], [0, 2, 1, 3], [0, 4, 3], []):
        for module in (layer, Pool("max"), Pool("mean"), Pool("last")):
            with pytest.raises(ArgumentError, match="offsets"):
                module(RaggedTensor(torch.zeros(3, 3), torch.tensor(lie, dtype=torch.int64)))
    with pytest.raises(ArgumentError, match="offsets must be whole numbers"):
        layer(RaggedTensor(torch.zeros(3, 3), torch.tensor([0.0, 3.0])))
    with pytest.raises(ArgumentError, match=r"pooling must be one of .* got 'median'"):
        Pool("median")


@pytest.mark.parametrize("V", [None, 50], ids=["steps", "ids"])
def test_any_number_of_threads_gives_the_same_bits(isa, threads, V):
    case = make_case(LENGTHS, I=24, H=32, V=V)
    layer, found = layer_for(case), []
    for count in (1, 2, 3):
        threads(count)
        found.append(forward_and_backward(layer, case))
    assert_all_same(found[0], found[1])
    assert_all_same(found[0], found[2])


@pytest.mark.parametrize("V", [None, 50], ids=["steps", "ids"])
def test_three_backward_passes_give_the_same_bits(V):
    case = make_case(LENGTHS, I=24, H=32, V=V)
    layer = layer_for(case)
    first = forward_and_backward(layer, case)
    for _ in range(2):
        assert_all_same(forward_and_backward(layer, case), first)


def test_four_python_threads_on_one_module_are_the_serial_answer(threads):
    threads(2)
    layer = EmbeddingLSTM(50, 24, 32)
    cases = [make_case(LENGTHS[i % 3 :], I=24, H=32, V=50, seed=i) for i in range(24)]

    def answer(case):
        output, states = layer(RaggedTensor(case.ids, case.offsets))
        table = torch.autograd.grad(output.values.sum() + states.c.sum(), layer.embedding)[0]
        return [output.values.detach(), states.h.detach(), table.to_dense()]

    serial = [answer(case) for case in cases]
    with ThreadPoolExecutor(4) as pool:
        for got, expected in zip(pool.map(answer, cases), serial, strict=True):
            assert_all_same(got, expected)


FORK = """
import multiprocessing, numpy, torch
from bothways.nn import EmbeddingLSTM, RaggedTensor
torch.set_num_threads(2)
torch.manual_seed(0)
layer = EmbeddingLSTM(50, 24, 32)
ids, offsets = torch.randint(0, 50, (320,)), torch.arange(0, 321, 40)

def ragged():
    with torch.no_grad():
        return layer(RaggedTensor(ids, offsets))[0].values.numpy().tobytes()

def padded():
    with torch.no_grad():
        return layer(ids.view(8, 40))[0].numpy().tobytes()

def child(_):
    got = [ragged()]  # the kernels begin with workers of their own, on two threads
    torch.set_num_threads(1)  # torch's workers are gone, and it would wait for them for ever
    return [*got, padded()]

if __name__ == "__main__":
    expected = [ragged(), padded()]  # all workers run before the fork
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(child, range(4), chunksize=1) == [expected] * 4
    assert [ragged(), padded()] == expected  # and the parent's go on
    print("same")
"""


def test_a_fork_after_use_works(tmp_path):
    """Also on two threads, where torch's own operations hang in the child (OpenMP's workers)."""
    script = tmp_path / "fork.py"
    script.write_text(FORK)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "same"
