"""The torch optimizer: equal to the dense one, for sparse gradients and dense ones alike."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from bothways.errors import ArgumentError
from bothways.kernels import reference
from bothways.training._rmsprop import RMSprop


def sparse(rows, values, shape):
    return torch.sparse_coo_tensor(torch.tensor(rows)[None], values, shape, check_invariants=True)


def test_sparse_equals_dense_bit_for_bit(rng):
    start = rng.normal(size=(8, 5)).astype(np.float32)
    weight = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = RMSprop([weight], lr=0.01)
    dense, moment = start.copy(), np.zeros_like(start)
    for _ in range(30):
        rows = np.flatnonzero(rng.random(8) < 0.4)
        values = rng.normal(size=(len(rows), 5)).astype(np.float32)
        full = np.zeros_like(start)
        full[rows] = values
        weight.grad = sparse(rows, torch.from_numpy(values), (8, 5))
        optimizer.step()
        reference.rmsprop_dense(dense, moment, full, rate=0.01, decay=0.9, epsilon=1e-7)
        np.testing.assert_array_equal(weight.detach().numpy(), dense)
    optimizer.settle()
    np.testing.assert_array_equal(optimizer.state[weight]["moment"].numpy(), moment)


def test_rows_named_twice_are_summed():
    a, b = (torch.nn.Parameter(torch.ones(3, 2)) for _ in range(2))
    a.grad = sparse([1, 1], torch.tensor([[1.0, 2], [3, 4]]), (3, 2))
    b.grad = sparse([1], torch.tensor([[4.0, 6]]), (3, 2))
    for parameter in (a, b):
        RMSprop([parameter]).step()
    torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_dense_gradients_of_any_shape(rng):
    start = rng.normal(size=(2, 3, 4)).astype(np.float32)
    weight = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = RMSprop([weight])
    dense, moment = start.copy(), np.zeros_like(start)
    for _ in range(5):
        gradient = rng.normal(size=start.shape).astype(np.float32)
        weight.grad = torch.from_numpy(gradient)
        optimizer.step()
        reference.rmsprop_dense(dense, moment, gradient, rate=1e-3, decay=0.9, epsilon=1e-7)
    np.testing.assert_array_equal(weight.detach().numpy(), dense)


def test_dense_steps_before_sparse_ones(rng):
    start = rng.normal(size=(6, 4)).astype(np.float32)
    weight = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = RMSprop([weight])
    dense, moment = start.copy(), np.zeros_like(start)
    for step in range(8):
        full = np.zeros_like(start)
        full[step % 6] = 1
        if step < 4:
            weight.grad = torch.from_numpy(full)
        else:
            weight.grad = sparse([step % 6], torch.ones(1, 4), (6, 4))
        optimizer.step()
        reference.rmsprop_dense(dense, moment, full, rate=1e-3, decay=0.9, epsilon=1e-7)
    np.testing.assert_array_equal(weight.detach().numpy(), dense)


def test_double_precision_takes_the_dense_update():
    weight = torch.nn.Parameter(torch.ones(4, 2, dtype=torch.float64))
    weight.grad = sparse([2], torch.ones(1, 2, dtype=torch.float64), (4, 2))
    RMSprop([weight], lr=0.1).step()
    expected = 1 - 0.1 / (0.1 + 1e-7) ** 0.5
    assert weight[2, 0].item() == pytest.approx(expected)
    assert weight[0, 0].item() == 1


def test_state_survives_a_copy(rng):
    weight = torch.nn.Parameter(torch.ones(5, 3))
    optimizer = RMSprop([weight])
    weight.grad = sparse([1], torch.ones(1, 3), (5, 3))
    optimizer.step()
    other = torch.nn.Parameter(weight.detach().clone())
    second = RMSprop([other])
    second.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for parameter, opt in ((weight, optimizer), (other, second)):
        parameter.grad = sparse([1, 4], torch.ones(2, 3), (5, 3))
        opt.step()
    torch.testing.assert_close(weight, other, rtol=0, atol=0)


@pytest.mark.parametrize("options", [{"lr": 0}, {"rho": 1.0}, {"epsilon": -1}])
def test_wrong_settings(options):
    with pytest.raises(ArgumentError, match="got lr="):
        RMSprop([torch.nn.Parameter(torch.ones(1))], **options)
