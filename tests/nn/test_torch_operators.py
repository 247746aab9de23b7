"""The operators keep torch's contracts: schemas, fake twins, autograd, compilation."""

from __future__ import annotations

import warnings

import pytest
import torch
from close import assert_same_bits, layer_for, make_case

from bothways import kernels
from bothways.nn import Pool, RaggedTensor

ops = torch.ops.bothways
EVERY_CHECK = (
    "test_schema",
    "test_autograd_registration",
    "test_faketensor",
    "test_aot_dispatch_dynamic",
    "test_aot_dispatch_static",
)
LENGTHS = [3, 0, 1, 4]


def check(operator, arguments, checks=EVERY_CHECK):
    """`opcheck` compares and traces; its own deprecations are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.library.opcheck(operator.default, arguments, test_utils=checks)


def lstm_arguments(V, D, initial, reverse=False):
    c = make_case(LENGTHS, V=V, D=D, H=4).to(torch.float32)
    tokens = (None,) * 2 if V is None else ops.unique(c.ids, V)
    states = (c.h0, c.c0) if initial else (None, None)
    return c, (c.x, *tokens, c.offsets, c.kernel, c.bias, c.recurrent_kernel, *states, reverse)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_unique(dtype):
    ids = torch.tensor([3, 1, 3, 0, 1], dtype=dtype)
    # How many ids are distinct depends on the data, which a static trace cannot hold.
    check(ops.unique, (ids, 7), EVERY_CHECK[:-1])
    check(ops.unique, (ids[:0], 7), EVERY_CHECK[:-1])
    distinct, inverse = ops.unique(ids, 7)
    assert distinct.tolist() == [0, 1, 3] and inverse.tolist() == [2, 1, 2, 0, 1]


@pytest.mark.parametrize("lengths", [LENGTHS, [0, 0], []], ids=["some", "no steps", "empty"])
def test_unique_by_sequence_and_gather(lengths):
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    ids = torch.arange(sum(lengths)) % 3
    check(ops.unique_by_sequence, (ids, offsets, 7), EVERY_CHECK[:-1])
    rows, places, _, _ = ops.unique_by_sequence(ids, offsets, 7)
    x = torch.randn(len(rows), 5, requires_grad=True)
    check(ops.gather, (x, places))
    d_out = torch.randn(len(places), 5)
    check(ops.gather_backward, (d_out, places, len(rows)))
    (gradient,) = torch.autograd.grad(ops.gather(x, places), x, d_out)
    expected = torch.zeros(len(rows), 5).index_add(0, places, d_out)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("lengths", [LENGTHS, [0, 0], []], ids=["some", "no steps", "empty"])
def test_dropout(lengths):
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    x = torch.randn(sum(lengths), 3, requires_grad=True)
    check(ops.dropout_factors, (torch.tensor([3]), [len(lengths), 3], 0.4))
    check(ops.scale_sequences, (x, offsets, torch.randn(len(lengths), 3)))


@pytest.mark.parametrize("rows", [[4, 0, 2], [], [0, 1, 2, 3, 4]], ids=str)
def test_rows_taken_and_put(rows):
    """Each is the other's gradient, also the gradient of that."""
    rows = torch.tensor(rows, dtype=torch.int64)
    x = torch.randn(5, 3, requires_grad=True)
    part = torch.randn(len(rows), 3, requires_grad=True)
    check(ops.take_rows, (x, rows))
    check(ops.put_rows, (part, rows, 5))
    assert torch.equal(ops.take_rows(x, rows), x[rows])
    expected = torch.zeros(5, 3).index_copy(0, rows, part)
    assert torch.equal(ops.put_rows(part, rows, 5), expected)
    for call, leaf in ((lambda t: ops.take_rows(t, rows), x.double()),
                       (lambda t: ops.put_rows(t, rows, 5), part.double())):  # fmt: skip
        leaf = leaf.detach().requires_grad_()
        assert torch.autograd.gradcheck(call, leaf) and torch.autograd.gradgradcheck(call, leaf)


@pytest.mark.parametrize("initial", [True, False], ids=["states", "no states"])
@pytest.mark.parametrize("V, D, reverse", [(7, 2, False), (None, 2, False), (None, 1, True)])
def test_lstm(V, D, reverse, initial):
    _, arguments = lstm_arguments(V, D, initial, reverse)
    check(ops.lstm, arguments)


@pytest.mark.parametrize("need_x", [True, False])
@pytest.mark.parametrize("initial", [True, False], ids=["states", "no states"])
@pytest.mark.parametrize("V, D", [(7, 2), (None, 1)])
def test_lstm_backward(V, D, initial, need_x):
    c, arguments = lstm_arguments(V, D, initial)
    arguments = [a.detach() if isinstance(a, torch.Tensor) else a for a in arguments]
    x, rows, index, offsets, kernel, _, recurrent, h0, c0, reverse = arguments
    states = list(ops.lstm(*arguments))
    for above in ((c.d_output, c.d_h_n, c.d_c_n), (None, c.d_h_n, None)):
        tensors = (x, rows, index, offsets, kernel, recurrent, h0, c0, states)
        check(ops.lstm_backward, (*above, *tensors, reverse, need_x, initial))


@pytest.mark.parametrize("how", ["last", "mean", "max"])
@pytest.mark.parametrize("lengths", [LENGTHS, [0, 0], []], ids=["some", "no steps", "empty"])
def test_pool(how, lengths):
    x = torch.randn(sum(lengths), 3, requires_grad=True)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    check(ops.pool, (x, offsets, how))
    pooled, where = ops.pool(x.detach(), offsets, how)
    check(ops.pool_backward, (pooled, offsets, where, len(x), how))


def test_the_gradient_of_a_gradient_is_refused():
    case = make_case(LENGTHS).to(torch.float32)
    output, _ = layer_for(case)(RaggedTensor(case.x, case.offsets))
    for result in (output.values, Pool("max")(RaggedTensor(case.x, case.offsets))):
        (gradient,) = torch.autograd.grad(result.square().sum(), case.x, create_graph=True)
        with pytest.raises(NotImplementedError, match="first derivatives only"):
            gradient.sum().backward()


def test_what_the_backward_pass_needs_cannot_be_overwritten_unnoticed():
    case = make_case(LENGTHS).to(torch.float32)
    layer = layer_for(case)
    output, _ = layer(RaggedTensor(case.x, case.offsets))
    with torch.no_grad():
        output.values.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.values.sum().backward()
    output, _ = layer(RaggedTensor(case.x, case.offsets))
    with torch.no_grad():
        layer.recurrent_kernel.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.values.sum().backward()


def test_nothing_is_kept_where_no_gradient_is_wanted(monkeypatch):
    case, kept, real = make_case(LENGTHS), [], kernels.lstm_forward

    def listening(*arguments, **options):
        states = real(*arguments, **options)
        kept.append(states.kept.size)
        return states

    monkeypatch.setattr(kernels, "lstm_forward", listening)
    layer = layer_for(case)
    with torch.no_grad():
        output, states = layer(RaggedTensor(case.x, case.offsets))
    assert not output.values.requires_grad and not states.h.requires_grad
    expected, _ = layer(RaggedTensor(case.x, case.offsets))
    assert expected.values.requires_grad
    assert kept == [0, 2 * sum(LENGTHS) * 6 * 6]
    assert_same_bits(output.values, expected.values.detach())
    layer.requires_grad_(False)
    assert not layer(RaggedTensor(case.x, case.offsets))[0].values.requires_grad


def results(layer, run, case):
    layer.zero_grad()
    values = case.x if case.ids is None else case.ids
    output, states = run(RaggedTensor(values, case.offsets))
    (output.values.sum() + states.c.sum()).backward()
    return [output.values, *states, *(p.grad.to_dense() for p in layer.parameters())]


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("D, V", [(1, None), (2, None), (2, 7)], ids=["lstm", "both", "ids"])
def test_compiled_layers_give_the_same(backend, D, V):
    """Steps compile into one graph; ids and masks break it, as their results' sizes vary."""
    torch._dynamo.reset()
    layer = layer_for(make_case(LENGTHS, D=D, V=V))
    whole = V is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own deprecations
        compiled = torch.compile(layer, backend=backend, fullgraph=whole)
        for lengths in (LENGTHS, [5, 2], [0, 1]):  # other sizes: compiled again or reused
            case = make_case(lengths, D=D, V=V, seed=len(lengths))
            for a, b in zip(
                results(layer, compiled, case), results(layer, layer, case), strict=True
            ):
                assert_same_bits(a.detach(), b.detach())
        if not whole:
            ids, mask = torch.tensor([[1, 2], [3, 4]]), torch.tensor([[True, False], [True, True]])
            assert_same_bits(compiled(ids, mask)[0].detach(), layer(ids, mask)[0].detach())
    torch._dynamo.reset()
