"""`bothways.nn.LSTM` stands where `torch.nn.LSTM` stood: the same numbers in the same forms."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from close import assert_same_bits
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from twins import assert_close, plain, run, sequences, states, twins

from bothways.nn import LSTM, use_threads

few = settings(max_examples=40, deadline=None)
OPTIONS = {
    "num_layers": st.integers(1, 3),
    "bias": st.booleans(),
    "batch_first": st.booleans(),
    "bidirectional": st.booleans(),
}


@few
@given(options=st.fixed_dictionaries(OPTIONS), proj_size=st.integers(0, 3))
def test_new_weights_are_torchs_and_so_is_what_is_drawn_next(options, proj_size):
    next_draws = []
    for kind in (nn.LSTM, LSTM):
        torch.manual_seed(3)
        layer = kind(5, 6, **options, proj_size=proj_size)
        next_draws.append((layer, torch.rand(3)))
    (theirs, a), (ours, b) = next_draws
    assert torch.equal(a, b)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value)
    assert repr(ours) == repr(theirs)
    assert [[p.shape for p in each] for each in ours.all_weights] == [
        [p.shape for p in each] for each in theirs.all_weights
    ]
    ours.load_state_dict(theirs.state_dict(), strict=True)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    ours.flatten_parameters()


@few
@given(
    options=st.fixed_dictionaries(OPTIONS),
    form=st.sampled_from(["padded", "one", "packed", "packed, unsorted"]),
    initial=st.booleans(),
    H=st.sampled_from([1, 6, 17]),
    seed=st.integers(0, 99),
)
def test_results_and_gradients_are_torchs(options, form, initial, H, seed):
    theirs, ours = twins(5, H, seed=seed, **options)
    N = 3
    if form == "padded":
        batch = torch.stack(sequences([4] * 3, seed=seed), dim=1 - options["batch_first"])
    elif form == "one":
        N, batch = 1, sequences([4], seed=seed)[0]
    else:
        lengths = [2, 5, 1] if "unsorted" in form else [5, 2, 1]
        batch = pack_sequence(sequences(lengths, seed=seed), enforce_sorted="unsorted" not in form)
    hx = states(ours, N, seed) if initial else None
    if form == "one" and initial:
        hx = tuple(s[:, 0] for s in hx)
    assert_close(run(ours, batch, hx), run(theirs, batch, hx))
    for got, expected in zip(ours(batch), theirs(batch), strict=True):
        assert type(got) is type(expected)


def test_the_comparison_can_fail():
    theirs, ours = twins(5, 6, 2, bidirectional=True)
    with torch.no_grad():
        ours.bias_hh_l1_reverse[0] += 1e-2
    batch = torch.stack(sequences([4] * 3))
    with pytest.raises(AssertionError):
        assert_close(run(ours, batch), run(theirs, batch))


def test_a_packed_batch_keeps_its_order():
    theirs, ours = twins(5, 6)
    batch = pack_sequence(sequences([2, 5, 1]), enforce_sorted=False)
    got, expected = ours(batch)[0], theirs(batch)[0]
    assert isinstance(got, PackedSequence)
    for name in ("batch_sizes", "sorted_indices", "unsorted_indices"):
        assert torch.equal(getattr(got, name), getattr(expected, name)), name
    ordered = pack_sequence(sequences([5, 2, 1]))
    assert ours(ordered)[0].sorted_indices is None


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("form", ["padded", "packed"])
@pytest.mark.parametrize("p", [0.3, 1.0])
def test_dropout_drops_what_torchs_drops_with_the_same_seed(form, batch_first, p):
    options = {"bidirectional": True, "dropout": p, "batch_first": batch_first}
    theirs, ours = twins(5, 40, 3, **options)
    parts = sequences([9, 40, 17], seed=2)
    batch = pack_sequence(parts, enforce_sorted=False)
    if form == "padded":
        batch = torch.stack(sequences([40] * 3), dim=1 - batch_first)
    dropped = run(ours, batch)
    assert_close(dropped, run(theirs, batch))
    assert not torch.equal(dropped[0], run(ours, batch, seed=8)[0]) or p == 1
    ours.eval(), theirs.eval()
    assert_close(run(ours, batch), run(theirs, batch))
    assert not torch.equal(run(ours, batch)[0], dropped[0])


def test_the_layout_of_the_output_is_dense():
    """`view` works on it, as it does on most of what torch gives."""
    x = torch.stack(sequences([4] * 3))
    assert LSTM(5, 6, batch_first=True)(x)[0].is_contiguous()
    assert LSTM(5, 6)(x)[0].is_contiguous()


def test_a_batch_that_need_not_be_copied_is_not(monkeypatch):
    from bothways.nn import _ops

    seen = []
    real = _ops.lstm

    def listening(x, *rest):
        seen.append(x.data_ptr())
        return real(x, *rest)

    monkeypatch.setattr(_ops, "lstm", listening)
    x = torch.stack(sequences([4] * 3))
    LSTM(5, 6, batch_first=True)(x)
    assert seen == [x.data_ptr()]


@pytest.mark.parametrize("form", ["padded", "packed"])
def test_a_sequence_has_the_same_bits_alone_and_in_any_form(isa, form):
    layer = twins(5, 17, 2, bidirectional=True, batch_first=True)[1]
    parts = sequences([7] * 4) if form == "padded" else sequences([4, 7, 1, 3])
    batch = torch.stack(parts) if form == "padded" else pack_sequence(parts, enforce_sorted=False)
    output, (h, c) = layer(batch)
    each = output if form == "padded" else nn.utils.rnn.unpack_sequence(output)
    for n, part in enumerate(parts):
        alone, (h_alone, c_alone) = layer(part)
        assert_same_bits(each[n], alone)
        assert_same_bits(h[:, n], h_alone)
        assert_same_bits(c[:, n], c_alone)


@pytest.mark.parametrize("how", ["saved", "pickled", "copied"])
def test_weights_and_whole_layers_can_be_kept_and_copied(how, tmp_path):
    layer = LSTM(5, 6, 2, bidirectional=True, dropout=0.2).eval()
    batch = pack_sequence(sequences([5, 2]))
    expected = run(layer, batch)
    if how == "saved":
        torch.save(layer.state_dict(), tmp_path / "weights.pt")
        other = LSTM(5, 6, 2, bidirectional=True, dropout=0.2).eval()
        other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    elif how == "pickled":
        other = pickle.loads(pickle.dumps(layer))
    else:
        other = copy.deepcopy(layer)
    assert type(other) is LSTM and not other.training
    for a, b in zip(run(other, batch), expected, strict=True):
        assert_same_bits(a, b)
    assert all(a is not b for a, b in zip(other.parameters(), layer.parameters(), strict=True))


@use_threads(1)
def test_ten_steps_of_training_are_torchs():
    losses = []
    for kind in (nn.LSTM, LSTM):
        torch.manual_seed(0)
        body, head = kind(5, 16, 2, bidirectional=True, dropout=0.3), nn.Linear(32, 3)
        optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], 1e-2)
        for step in range(10):
            batch = pack_sequence(sequences([3, 9, 4, 7], seed=step), enforce_sorted=False)
            _, (h, _) = body(batch)
            labels = torch.tensor([0, 1, 2, 1])
            loss = nn.functional.cross_entropy(head(torch.cat([h[-2], h[-1]], 1)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert losses[:10] == pytest.approx(losses[10:], rel=1e-5)
    assert losses[9] < losses[0]


def test_weights_that_change_are_seen():
    """By assignment, in place, and where a function call brings its own."""
    theirs, ours = twins(5, 6)
    x = torch.stack(sequences([4] * 3))
    other = LSTM(5, 6)
    expected = other(x)[0]
    assert_same_bits(
        torch.func.functional_call(ours, dict(other.named_parameters()), x)[0], expected
    )
    assert_same_bits(ours(x)[0], LSTM.forward(ours, x)[0])
    ours.weight_ih_l0 = other.weight_ih_l0
    with torch.no_grad():
        for name in ("weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            getattr(ours, name).copy_(getattr(other, name))
    assert_same_bits(ours(x)[0], expected)
    norm = nn.utils.parametrizations.weight_norm
    norm(ours, "weight_hh_l0"), norm(theirs.requires_grad_(), "weight_hh_l0")
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(plain(ours(x)[0]), plain(theirs(x)[0]), rtol=1e-4, atol=1e-5)
    assert isinstance(ours, LSTM)


@pytest.mark.parametrize("shape", [(5, 0, 3), (0, 2, 3)])
def test_nothing_to_read_in_training(shape):
    layer = LSTM(3, 4, num_layers=2, dropout=0.5)
    output, (h, _) = layer(torch.zeros(shape))
    assert output.shape == (*shape[:2], 4) and h.shape == (2, shape[1], 4)
