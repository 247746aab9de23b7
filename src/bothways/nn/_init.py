"""New weights, drawn as Keras draws them."""

from __future__ import annotations

import math

import torch
from torch import nn


def glorot_uniform(*shape: int) -> torch.Tensor:
    """Uniform within `sqrt(6 / (fan in + fan out))` (Glorot & Bengio 2010); shape `(in, out)`."""
    limit = math.sqrt(6 / sum(shape))
    return torch.empty(shape).uniform_(-limit, limit)


def new_recurrence(
    input_size: int, hidden_size: int, directions: int
) -> tuple[nn.Parameter, nn.Parameter, nn.Parameter]:
    """`kernel (I, D * 4H)`, `recurrent_kernel (D, H, 4H)` and `bias (D * 4H,)`.

    Glorot uniform, orthogonal, and zero but one for the forget gate (Jozefowicz et al. 2015);
    each direction is drawn by itself.
    """
    H = hidden_size
    kernels = [glorot_uniform(input_size, 4 * H) for _ in range(directions)]
    recurrent = torch.stack([nn.init.orthogonal_(torch.empty(H, 4 * H)) for _ in range(directions)])
    bias = torch.zeros(directions, 4, H)
    bias[:, 1] = 1
    return (
        nn.Parameter(torch.cat(kernels, dim=1)),
        nn.Parameter(recurrent),
        nn.Parameter(bias.reshape(-1)),
    )
