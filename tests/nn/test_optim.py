"""The torch optimizers: a dense optimizer's weights, for sparse gradients and dense ones."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest
import torch
from dense_adam import DenseAdam
from torch import nn

from bothways import optim
from bothways.errors import ArgumentError
from bothways.kernels import reference
from bothways.nn import Adam, AdamW, EmbeddingLSTM, RaggedTensor, RMSprop

OPTIMIZERS = {RMSprop: optim.RMSprop, Adam: optim.Adam, AdamW: optim.AdamW}
each = pytest.mark.parametrize("make", OPTIMIZERS)


def sparse(rows, values, shape):
    rows = torch.as_tensor(np.asarray(rows, np.int64))[None]
    return torch.sparse_coo_tensor(rows, torch.as_tensor(values), shape, check_invariants=True)


def table(array):
    return nn.Parameter(torch.from_numpy(array.copy()))


def plan(rng, steps, V=8, width=5):
    """Rows and their gradients, step by step; the last row is never used."""
    for _ in range(steps):
        rows = np.flatnonzero(rng.random(V - 1) < 0.4)
        yield rows, rng.normal(size=(len(rows), width)).astype(np.float32)


def train(optimizer, parameter, steps):
    for rows, values in steps:
        optimizer.ready(parameter, torch.from_numpy(rows))
        parameter.grad = sparse(rows, values, parameter.shape)
        optimizer.step()


@each
def test_sparse_gradients_have_the_bits_of_bothways_optim(rng, make):
    """Under a scheduler of torch."""
    start = rng.normal(size=(8, 5)).astype(np.float32)
    parameter, array = table(start), start.copy()
    optimizer, plain = make([parameter], lr=0.01), OPTIMIZERS[make]({"table": array})
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for rows, values in plan(rng, 30):
        rate, rows = optimizer.param_groups[0]["lr"], rows.astype(np.int32)
        train(optimizer, parameter, [(rows, values)])
        scheduler.step()
        plain.ready("table", rows)
        plain.step({"table": optim.RowGradient(rows, values)}, rate=rate)
        np.testing.assert_array_equal(parameter.detach(), array)
    optimizer.settle()
    plain.settle()
    np.testing.assert_array_equal(parameter.detach(), array)
    for name, value in plain.states["table"].items():
        np.testing.assert_array_equal(optimizer.state[parameter][name], value)


def test_rmsprop_is_the_dense_one_bit_for_bit(rng):
    start = rng.normal(size=(8, 5)).astype(np.float32)
    parameter, dense, moment = table(start), start.copy(), np.zeros_like(start)
    optimizer = RMSprop([parameter], lr=0.01)
    for rows, values in plan(rng, 30):
        full = np.zeros_like(start)
        full[rows] = values
        parameter.grad = sparse(rows, values, (8, 5))
        optimizer.step()
        reference.rmsprop_dense(dense, moment, full, rate=0.01, decay=0.9, epsilon=1e-7)
        np.testing.assert_array_equal(parameter.detach(), dense)


@pytest.mark.parametrize("make, decay", [(Adam, 0.0), (AdamW, 0.004)])
def test_adam_follows_the_dense_one(rng, make, decay):
    start = rng.normal(size=(8, 5)).astype(np.float32)
    parameter, truth = table(start), DenseAdam(start.astype(float), weight_decay=decay)
    optimizer = make([parameter], lr=0.01)
    for rows, values in plan(rng, 60):
        train(optimizer, parameter, [(rows, values)])
        full = np.zeros_like(start)
        full[rows] = values
        truth.step(full, 0.01)
        np.testing.assert_allclose(parameter.detach()[rows], truth.w[rows], rtol=1e-6, atol=1e-6)
    optimizer.settle()
    np.testing.assert_allclose(parameter.detach(), truth.w, rtol=1e-6, atol=1e-6)


@each
@pytest.mark.parametrize("steps", [1, 30])
def test_double_precision_takes_the_dense_update(rng, make, steps):
    """And agrees with the float32 rows."""
    start, planned = rng.normal(size=(8, 5)).astype(np.float32), list(plan(rng, steps))
    single, double = table(start), table(start.astype(float))
    train(make([single]), single, planned)
    optimizer = make([double])
    train(optimizer, double, [(rows, values.astype(float)) for rows, values in planned])
    assert "seen" not in optimizer.state[double]
    rows = planned[-1][0]
    torch.testing.assert_close(single[rows], double[rows].float(), rtol=1e-6, atol=1e-6)


@each
def test_dense_gradients_of_any_shape_and_stride(rng, make):
    """A parameter that is not contiguous is updated by torch."""
    start = rng.normal(size=(2, 3, 4)).astype(np.float32)
    parameter = table(start)
    other = nn.Parameter(torch.from_numpy(start).permute(2, 0, 1).contiguous().permute(1, 2, 0))
    assert not other.is_contiguous()
    array = start.copy()
    plain = OPTIMIZERS[make]({"w": array})
    optimizers = [make([parameter]), old := make([other])]
    for _ in range(6):
        gradient = rng.normal(size=start.shape).astype(np.float32)
        parameter.grad, other.grad = (torch.from_numpy(gradient.copy()) for _ in range(2))
        for optimizer in optimizers:
            optimizer.step()
        plain.step({"w": gradient}, rate=1e-3)
    np.testing.assert_array_equal(parameter.detach(), array)
    torch.testing.assert_close(other, parameter, rtol=1e-6, atol=1e-7)
    moved = nn.Parameter(other.detach().contiguous())
    optimizers[1] = make([moved])
    optimizers[1].load_state_dict(old.state_dict())
    parameter.grad, moved.grad = torch.ones(2, 3, 4), torch.ones(2, 3, 4)
    for _ in range(3):
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(moved, parameter, rtol=1e-6, atol=1e-7)


@each
def test_rows_named_twice_are_summed(make):
    a, b = (nn.Parameter(torch.ones(3, 2)) for _ in range(2))
    a.grad = sparse([1, 1], torch.tensor([[1.0, 2], [3, 4]]), (3, 2))
    b.grad = sparse([1], torch.tensor([[4.0, 6]]), (3, 2))
    for parameter in (a, b):
        make([parameter]).step()
    torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert (a[1] < 1).all() and (a[0] == a[2]).all()


@each
def test_sparse_in_both_dimensions_is_a_dense_gradient(make):
    a, b = (nn.Parameter(torch.ones(3, 2)) for _ in range(2))
    a.grad = torch.eye(3)[:, :2].to_sparse()
    b.grad = torch.eye(3)[:, :2]
    for parameter in (a, b):
        make([parameter]).step()
    torch.testing.assert_close(a, b, rtol=0, atol=0)


@each
def test_dense_steps_before_sparse_ones(rng, make):
    start = rng.normal(size=(6, 4)).astype(np.float32)
    parameter, double = table(start), table(start.astype(float))
    optimizer, dense = make([parameter]), make([double])
    for step in range(12):
        full = torch.zeros(6, 4)
        full[step % 6] = 1
        optimizer.ready(parameter, torch.tensor([step % 6]))
        sparsely = sparse([step % 6], torch.ones(1, 4), (6, 4))
        parameter.grad = full if step < 4 else sparsely
        double.grad = full.double()
        optimizer.step()
        dense.step()
    optimizer.settle()
    torch.testing.assert_close(parameter, double.float(), rtol=1e-6, atol=1e-6)


@each
@pytest.mark.parametrize("through_a_file", [False, True])
def test_training_goes_on_from_a_state_dict(rng, make, through_a_file):
    """For enough steps that every part of the state matters."""
    steps = list(plan(rng, 40))
    parameter = table(rng.normal(size=(8, 5)).astype(np.float32))
    optimizer = make([parameter], lr=0.01)
    train(optimizer, parameter, steps[:20])
    state = copy.deepcopy(optimizer.state_dict())
    if through_a_file:
        file = io.BytesIO()
        torch.save(state, file)
        file.seek(0)
        state = torch.load(file, weights_only=True)
    other = table(parameter.detach().numpy())
    second = make([other], lr=1.0)
    second.load_state_dict(state)
    for own, opt in ((parameter, optimizer), (other, second)):
        train(opt, own, steps[20:])
        opt.settle()
    torch.testing.assert_close(parameter, other, rtol=0, atol=0)
    assert second.state[other]["seen"].dtype == torch.int64


@each
def test_a_state_may_change_precision(rng, make):
    """As on the way to another device: from the kernels to torch's update and back."""
    start, steps = rng.normal(size=(8, 5)).astype(np.float32), list(plan(rng, 30))
    whole = table(start)
    optimizer = make([whole])
    train(optimizer, whole, steps)
    optimizer.settle()
    part, state = table(start), None
    for k, dtype in enumerate((np.float32, np.float64, np.float32)):
        part = table(part.detach().numpy().astype(dtype))
        optimizer = make([part])
        if state:
            optimizer.load_state_dict(state)
        some = [(rows, values.astype(dtype)) for rows, values in steps[10 * k : 10 * k + 10]]
        train(optimizer, part, some)
        optimizer.settle()
        state = optimizer.state_dict()
    torch.testing.assert_close(part, whole, rtol=1e-6, atol=1e-6)


@each
def test_rows_that_are_behind_do_not_leave_the_kernels(make):
    single, double = nn.Parameter(torch.ones(3, 2)), nn.Parameter(torch.ones(3, 2).double())
    optimizer, other = make([single]), make([double])
    single.grad = sparse([1], torch.ones(1, 2), (3, 2))
    optimizer.step()
    other.load_state_dict(optimizer.state_dict())
    double.grad = torch.ones(3, 2).double()
    for _ in range(2):
        with pytest.raises(ArgumentError, match="call settle"):
            other.step()
    assert (double == 1).all()


@each
def test_groups_have_their_own_settings(make):
    a, b = (nn.Parameter(torch.ones(2)) for _ in range(2))
    optimizer = make([{"params": [a], "lr": 0.5}, {"params": [b], "epsilon": 1.0}], lr=0.1)
    a.grad, b.grad = torch.ones(2), torch.ones(2)
    optimizer.step()
    expected = {}
    for name, rate, epsilon in (("a", 0.5, 1e-7), ("b", 0.1, 1.0)):
        expected[name] = np.ones(2, np.float32)
        one = OPTIMIZERS[make]({"w": expected[name]}, epsilon=epsilon)
        one.step({"w": np.ones(2, np.float32)}, rate=rate)
    np.testing.assert_array_equal(a.detach(), expected["a"])
    np.testing.assert_array_equal(b.detach(), expected["b"])


@each
def test_closure_and_parameters_without_gradient(make):
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = make([used, unused])

    def closure():
        optimizer.zero_grad()
        loss = (used**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) == 2
    optimizer.settle()
    optimizer.ready(unused, torch.tensor([0]))
    assert (used < 1).all() and (unused == 1).all()
    assert set(optimizer.state_dict()["state"]) == {0}


@pytest.mark.parametrize("make", [Adam, AdamW])
def test_a_layer_trained_row_by_row_is_the_one_trained_densely(rng, make):
    """The forward pass reads what `ready` brought up to date."""
    torch.manual_seed(0)
    rows_layer = EmbeddingLSTM(30, 6, 4)
    dense_layer = copy.deepcopy(rows_layer)
    rows_optimizer, dense_optimizer = (
        make(layer.parameters(), lr=0.02) for layer in (rows_layer, dense_layer)
    )
    batches = [rng.integers(0, 30, 12) ** 2 // 30 for _ in range(40)]
    for ids in batches:
        ragged = RaggedTensor(torch.from_numpy(ids), torch.tensor([0, 5, 12]))
        rows_optimizer.ready(rows_layer.embedding, ragged.values)
        losses = []
        for layer, optimizer in ((rows_layer, rows_optimizer), (dense_layer, dense_optimizer)):
            optimizer.zero_grad()
            _, states = layer(ragged)
            loss = (layer.last(states) - 1).square().sum()
            loss.backward()
            if layer is dense_layer:
                layer.embedding.grad = layer.embedding.grad.to_dense()
            optimizer.step()
            losses.append(loss.item())
        assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    rows_optimizer.settle()
    torch.testing.assert_close(rows_layer.embedding, dense_layer.embedding, rtol=1e-4, atol=1e-5)


def test_what_is_refused():
    parameter = nn.Parameter(torch.ones(3, 2))
    optimizer = Adam([parameter])
    for _ in range(2):
        optimizer.ready(parameter, torch.tensor([[1, 1], [1, 1]]))
        parameter.grad = sparse([1], torch.ones(1, 2), (3, 2))
        optimizer.step()
    parameter.grad = sparse([0], torch.ones(1, 2), (3, 2))
    with pytest.raises(ArgumentError, match="row 0 stands at step 0: ready brings it"):
        optimizer.step()
    with pytest.raises(ArgumentError, match="not a parameter of this optimizer"):
        optimizer.ready(torch.ones(3, 2), torch.tensor([0]))
    with pytest.raises(ArgumentError, match="ids go from 0 to 2"):
        optimizer.ready(parameter, torch.tensor([3]))


@pytest.mark.parametrize(
    "make, options",
    [
        *((make, {"lr": lr}) for make in OPTIMIZERS for lr in (0, -1.0, float("nan"))),
        *((make, {"epsilon": -1}) for make in OPTIMIZERS),
        (RMSprop, {"rho": 1.0}),
        (Adam, {"beta_1": 1.0}),
        (AdamW, {"weight_decay": -0.1}),
    ],
)
def test_wrong_settings(make, options):
    parameter = nn.Parameter(torch.ones(1))
    with pytest.raises(ArgumentError, match="got "):
        make([parameter], **options)
    with pytest.raises(ArgumentError, match="got "):
        make([{"params": [parameter]} | options])
