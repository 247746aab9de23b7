"""`replace` swaps every LSTM of a model, and nothing around it notices."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn
from twins import assert_close, run, sequences, twins

from bothways.nn import LSTM, replace, use_threads


class Tagger(nn.Module):
    """LSTMs at several depths, one of them in two places."""

    def __init__(self):
        super().__init__()
        self.first = nn.LSTM(5, 6, batch_first=True, bidirectional=True)
        self.rest = nn.ModuleList([nn.LSTM(12, 12, batch_first=True), nn.Linear(12, 3)])
        self.again = self.rest[0]

    def forward(self, x):
        return self.rest[1](self.again(self.rest[0](self.first(x)[0])[0])[0])


class Own(nn.LSTM):
    """A subclass, with its own ways."""


def test_what_a_model_computes_stays_and_so_do_its_objects():
    torch.manual_seed(0)
    model = Tagger().eval()
    x = torch.stack(sequences([4] * 3))
    modules, parameters = list(model.modules()), list(model.parameters())
    calls = []
    model.first.register_forward_hook(lambda *_: calls.append("hook"))
    expected = model(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert replace(model) is model
    for a, b in zip(model.modules(), modules, strict=True):
        assert a is b and not a.training
    for a, b in zip(model.parameters(), parameters, strict=True):
        assert a is b
    assert model.again is model.rest[0]
    assert type(model.first) is type(model.again) is LSTM
    torch.testing.assert_close(model(x), expected, rtol=1e-5, atol=1e-6)
    assert calls == ["hook"] * 2
    assert replace(model) is model  # twice is once


def test_a_model_that_is_an_lstm():
    theirs = nn.LSTM(5, 6, 2, bidirectional=True)
    x = torch.stack(sequences([4] * 3))
    expected = run(theirs, x)
    ours = replace(theirs)
    assert ours is theirs and type(ours) is LSTM
    assert_close(run(ours, x), expected)


@use_threads(1)
def test_an_optimizer_goes_on():
    """Trained half with torch's and half with ours, as wholly with torch's."""
    found = []
    for swapped in (False, True):
        torch.manual_seed(0)
        model = Tagger()
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        for step in range(6):
            if swapped and step == 3:
                replace(model)
            optimizer.zero_grad()
            model(torch.stack(sequences([4] * 3, seed=step))).square().mean().backward()
            optimizer.step()
        found.append([p.detach() for p in model.parameters()])
    assert_close(found[1], found[0])


def test_what_stays_torchs_is_named():
    model = nn.ModuleDict({"plain": nn.LSTM(5, 6), "own": Own(5, 6)})
    model["deep"] = nn.ModuleDict({"projected": nn.LSTM(5, 6, proj_size=3)})
    told = r"these LSTMs stay torch's: own is a Own, deep.projected has proj_size=3$"
    with pytest.warns(UserWarning, match=told):
        replace(model)
    assert type(model["plain"]) is LSTM
    assert type(model["own"]) is Own and type(model["deep"]["projected"]) is nn.LSTM
    with pytest.warns(UserWarning, match="the model has proj_size=3"):
        replace(nn.LSTM(5, 6, proj_size=3))


def test_our_own_and_other_modules_are_left_alone():
    model = nn.Sequential(twins(5, 6)[1], nn.GRU(5, 6), nn.LSTMCell(5, 6))
    kinds = [type(m) for m in model]
    replace(model)
    assert [type(m) for m in model] == kinds
