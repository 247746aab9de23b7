"""bothways.nn.LSTM in the place of every torch.nn.LSTM of a model."""

from __future__ import annotations

import warnings
from typing import TypeVar

from torch import nn

from bothways.nn._lstm import LSTM

Model = TypeVar("Model", bound=nn.Module)


def replace(model: Model) -> Model:
    """Make every `torch.nn.LSTM` inside `model` a `bothways.nn.LSTM`, and return `model`.

    In place: the modules stay the objects that they are, and so do their parameters, hooks and
    modes, what an optimizer holds, and what two places of the model share. An LSTM that stays
    torch's is named in a warning: one with a `proj_size`, which the kernels do not know, and
    one of a subclass, whose own ways would be lost.
    """
    kept = []
    for name, module in model.named_modules():
        if not isinstance(module, nn.LSTM) or isinstance(module, LSTM):
            continue
        if type(module) is not nn.LSTM:
            kept.append(f"{name or 'the model'} is a {type(module).__name__}")
        elif module.proj_size:
            kept.append(f"{name or 'the model'} has proj_size={module.proj_size}")
        else:
            module.__class__ = LSTM  # it has torch's attributes and none of its own
    if kept:
        warnings.warn(f"these LSTMs stay torch's: {', '.join(kept)}", stacklevel=2)
    return model
