"""The loss and its gradient, against scikit-learn's log loss and torch's derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from bothways.training._loss import cross_entropy


@pytest.mark.parametrize("outputs", [1, 2, 5])
@pytest.mark.parametrize("scale", [0.1, 3, 60])
def test_loss_and_gradient(rng, outputs, scale):
    logits = (rng.normal(size=(40, outputs)) * scale).astype(np.float32)
    labels = rng.integers(0, max(2, outputs), 40)
    loss, gradient = cross_entropy(logits, labels)
    z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    if outputs == 1:
        expected = torch.nn.functional.binary_cross_entropy_with_logits(
            z[:, 0], torch.tensor(labels, dtype=torch.float64)
        )
    else:
        expected = torch.nn.functional.cross_entropy(z, torch.tensor(labels))
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    assert gradient.dtype == np.float32 and gradient.shape == logits.shape
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=1e-6, atol=1e-12)
    if scale < 10:  # scikit-learn clips probabilities
        p = z.detach().sigmoid() if outputs == 1 else z.detach().softmax(1)
        classes = list(range(max(2, outputs)))
        assert loss == pytest.approx(log_loss(labels, p.numpy(), labels=classes), rel=1e-6)


@pytest.mark.parametrize("outputs", [1, 3])
def test_weights_multiply_the_losses_of_the_texts(rng, outputs):
    logits = rng.normal(size=(5, outputs)).astype(np.float32)
    labels, weights = rng.integers(0, 2, 5), rng.uniform(0, 3, 5).astype(np.float32)
    loss, gradient = cross_entropy(logits, labels, weights)
    each = [cross_entropy(logits[n : n + 1], labels[n : n + 1]) for n in range(5)]
    assert loss == pytest.approx(np.mean([w * k for w, (k, _) in zip(weights, each, strict=True)]))
    expected = [w * g[0] / 5 for w, (_, g) in zip(weights, each, strict=True)]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scale", [0.1, 3, 60])
def test_a_sigmoid_for_each_label(rng, scale, weighted):
    logits = (rng.normal(size=(40, 3)) * scale).astype(np.float32)
    labels = rng.integers(0, 2, (40, 3)).astype(bool)
    weights = rng.uniform(0, 3, (40, 3)).astype(np.float32) if weighted else None
    loss, gradient = cross_entropy(logits, labels, weights)
    z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    each = torch.nn.functional.binary_cross_entropy_with_logits(
        *(z, torch.tensor(labels, dtype=torch.float64)), reduction="none"
    )
    expected = (each * torch.tensor(1 if weights is None else weights)).sum(dim=1).mean()
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
def test_weights_of_one_change_no_bit(rng, outputs):
    logits, labels = rng.normal(size=(64, outputs)).astype(np.float32), rng.integers(0, 2, 64)
    plain, ones = cross_entropy(logits, labels), cross_entropy(logits, labels, np.ones(64, "f4"))
    assert plain[0] == ones[0]
    np.testing.assert_array_equal(plain[1], ones[1])


@pytest.mark.parametrize("outputs", [1, 2])
def test_what_would_overflow_is_exact(outputs):
    logits = np.zeros((2, outputs), np.float32)
    logits[:, -1] = [3e38, -3e38]
    right, _ = cross_entropy(logits, np.array([1, 0]))
    wrong, gradient = cross_entropy(logits, np.array([0, 1]))
    assert right == 0
    assert wrong == pytest.approx(3e38, rel=1e-6)
    np.testing.assert_array_equal(gradient[:, -1], [0.5, -0.5])


def test_indifference_costs_the_logarithm_of_the_labels():
    assert cross_entropy(np.zeros((3, 1), np.float32), np.array([0, 1, 1]))[0] == np.log(2)
    loss, gradient = cross_entropy(np.zeros((1, 4), np.float32), np.array([2]))
    assert loss == pytest.approx(np.log(4))
    np.testing.assert_allclose(gradient, [[0.25, 0.25, -0.75, 0.25]])


def test_a_nan_stays_visible():
    loss, _ = cross_entropy(np.array([[np.nan]], np.float32), np.array([1]))
    assert np.isnan(loss)
