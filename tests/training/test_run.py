"""A killed run goes on to the bits of the uninterrupted one; a state is whole or refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bothways.errors import ArgumentError, ArtifactError
from bothways.training import StopTraining, UnfinishedRun, fit, new_learner
from bothways.training._state import decode_state, encode_state, generator_state, set_generator
from training.test_loop import EVERYTHING, RECIPE, SPEC, Recorder, learner, problem, weights

ADAMW = replace(RECIPE, optimizer="adamw", weight_decay=0.05, schedule="one-cycle", bucket=2)


class Killed(Exception):
    """As a kill: nothing is tidied up."""


def run_until(path, step, recipe=RECIPE, resume=True, key=None, **changes):
    """Train, going on with what is there, until `step` steps of this process are done."""
    watcher = Recorder(stop_at=step, error=Killed)
    with UnfinishedRun(path, resume=resume, every=0, share=math.inf) as run:
        run.agree(key or {})
        with learner(recipe=recipe, **changes) as net:
            try:
                history = fit(net, problem(), problem(20, 1), recipe, watcher=watcher, run=run)
            except Killed:
                return None
    return weights(net), history


def whole(recipe=RECIPE, **changes):
    with learner(recipe=recipe, **changes) as net:
        history = fit(net, problem(), problem(20, 1), recipe)
    return weights(net), history


def figures(history):
    return [replace(epoch, train_seconds=0.0) for epoch in history], history.best_epoch


@pytest.mark.parametrize(
    "recipe, changes",
    [
        (RECIPE, {}),
        (ADAMW, EVERYTHING),
        (replace(RECIPE, optimizer="adam"), {"word_dropout": 0.2}),
        (replace(RECIPE, learning_rate=1e-9, epochs=9, patience=2), {}),
    ],
    ids=["rmsprop", "adamw-everything", "adam", "early-stop"],
)
def test_a_run_killed_at_many_steps_has_the_same_bits(tmp_path, recipe, changes):
    expected, history = whole(recipe, **changes)
    for step in (2, 3, 6, 7):  # the first of epochs and the last of them are among these places
        assert run_until(tmp_path / "m", step, recipe, **changes) is None
    got, again = run_until(tmp_path / "m", None, recipe, **changes)
    np.testing.assert_array_equal(got, expected)
    assert figures(again) == figures(history)
    # And once more from the last state, after the last epoch: nothing is trained again.
    np.testing.assert_array_equal(run_until(tmp_path / "m", 1, recipe, **changes)[0], expected)


def test_the_torch_learner_goes_on_with_the_same_bits():
    pytest.importorskip("torch")
    from bothways.training._torch import TorchLearner, torch_settings

    spec, first = SPEC, {k: np.array(v) for k, v in first_tensors().items()}
    data = problem()
    with torch_settings(3, 1):
        net = TorchLearner(spec, first, ADAMW, device="cpu")
        for _ in range(3):
            net.step(data.ids, data.labels, 0.01)
        state = decode_state(encode_state(net.state()))
        for _ in range(3):
            net.step(data.ids, data.labels, 0.01)
        expected = weights(net)
    with torch_settings(4, 1):
        other = TorchLearner(spec, first, ADAMW, device="cpu")
        other.load_state(state)
        for _ in range(3):
            other.step(data.ids, data.labels, 0.01)
        np.testing.assert_array_equal(weights(other), expected)


def first_tensors():
    with learner() as net:
        return net.tensors()


def test_kill_9_at_random_moments(tmp_path):
    """Whole trainings in processes of their own, with the saving of the model."""
    script = Path(__file__).with_name("killed_runs.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path, "10", "1"],
        env={"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    killed, kept, _ = done.stdout.split()
    assert int(killed) >= 5 and int(kept) >= 1


def test_saving_changes_no_bit(tmp_path):
    got, _ = run_until(tmp_path / "m", None, ADAMW, **EVERYTHING)
    np.testing.assert_array_equal(got, whole(ADAMW, **EVERYTHING)[0])


def test_a_leftover_is_refused_resumed_or_forgotten(tmp_path):
    run_until(tmp_path / "m", 3)
    with pytest.raises(ArtifactError, match="a run that was not finished; resume=True"):
        run_until(tmp_path / "m", 3, resume=False)
    with UnfinishedRun(tmp_path / "m", resume=True) as run:
        assert run.steps == 2
    with UnfinishedRun(tmp_path / "m", overwrite=True) as run:
        assert run.saved is None and not run.is_kept
    assert not (tmp_path / "m.run").exists()  # nothing was saved, nothing stays


def test_two_runs_at_one_place(tmp_path):
    with (
        UnfinishedRun(tmp_path / "m"),
        pytest.raises(ArtifactError, match="another run is training this model now"),
        UnfinishedRun(tmp_path / "m"),
    ):
        pass
    with UnfinishedRun(tmp_path / "m"):
        pass


@pytest.mark.parametrize(
    "change, message",
    [
        ({"fingerprint": "b"}, "has other data: its texts"),
        ({"seed": 1}, "seed 0, and this one has 1"),
        ({"recipe": {"epochs": 4}}, "epochs 3, and this one has 4"),
        ({"new": 1}, "new None, and this one has 1"),
    ],
)
def test_another_training_is_refused(tmp_path, change, message):
    key = {"fingerprint": "a", "seed": 0, "recipe": {"epochs": 3}}
    run_until(tmp_path / "m", 3, key=key)
    before = (tmp_path / "m.run" / "state").read_bytes()
    with pytest.raises(ArtifactError, match=message):
        run_until(tmp_path / "m", 3, key=key | change)
    assert (tmp_path / "m.run" / "state").read_bytes() == before


def test_a_state_of_another_network_is_refused(tmp_path):
    run_until(tmp_path / "m", 3)
    with pytest.raises(ArtifactError, match=r"m\.run: the state of the run is that of another"):
        run_until(tmp_path / "m", 3, hidden_size=4)
    with pytest.raises(ArtifactError, match=r"m\.run: the state of the run is that of another"):
        run_until(tmp_path / "m", 3, replace(RECIPE, optimizer="adam"))


def edited(data, change):
    state = decode_state(data)
    change(state)
    return encode_state(state)


HOSTILE = [
    lambda s: s["run"]["progress"].update(steps=-1),
    lambda s: s["run"]["progress"].update(epoch="2"),
    lambda s: s["run"]["progress"].update(best_epoch=5),
    lambda s: s["run"]["progress"].pop("order"),
    lambda s: s["run"]["progress"].update(history=[{"epoch": 1}], best_epoch=0),
    lambda s: s["run"]["learner"].pop("weights"),
    lambda s: s["run"]["learner"].update(dropout={"bit_generator": "PCG64", "state": 3}),
    lambda s: s["run"]["learner"]["weights"].update({"dense.bias": np.zeros(7, np.float32)}),
    lambda s: s["run"]["learner"]["optimizer"]["parameters"]["embedding.weight"]["seen"].fill(99),
    lambda s: s["run"]["learner"]["optimizer"]["parameters"]["embedding.weight"]["seen"].fill(-1),
    lambda s: s["run"]["learner"]["optimizer"]["parameters"]["embedding.weight"].update(step=4.0),
    lambda s: s["run"]["learner"]["optimizer"]["parameters"]["embedding.weight"].update(
        history=np.zeros((6, 2))
    ),
    lambda s: s.pop("run"),
]


@pytest.mark.parametrize("change", HOSTILE)
def test_states_that_lie_are_refused(tmp_path, change):
    run_until(tmp_path / "m", 3, ADAMW)
    file = tmp_path / "m.run" / "state"
    file.write_bytes(edited(file.read_bytes(), change))
    with pytest.raises(ArtifactError, match=r"m\.run"):
        run_until(tmp_path / "m", 3, ADAMW)


def test_cut_and_changed_states_are_refused(tmp_path):
    run_until(tmp_path / "m", 3)
    file = tmp_path / "m.run" / "state"
    data = file.read_bytes()
    mutants = [data[: n * len(data) // 64] for n in range(64)]
    mutants += [data + b"x", data.replace(b"run 1", b"run 2", 1), b"\0" * len(data)]
    for place in range(0, len(data), 37):
        mutants.append(data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :])
    for mutant in mutants:
        with pytest.raises(ArtifactError):
            decode_state(mutant)
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArtifactError, match="it was cut or damaged; without it the run cannot"):
        run_until(tmp_path / "m", 3)
    assert file.read_bytes() == data[: len(data) // 2]


def test_where_nothing_can_be_saved_training_goes_on(tmp_path, monkeypatch):
    run_until(tmp_path / "m", 3)
    before, said = (tmp_path / "m.run" / "state").read_bytes(), []

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    how = {"resume": True, "every": 0, "share": math.inf, "warn": said.append}
    with UnfinishedRun(tmp_path / "m", **how) as run, learner() as net:
        fit(net, problem(), problem(20, 1), RECIPE, run=run)
    assert len(said) == 1 and "could not be written (No space left on device)" in said[0]
    assert (tmp_path / "m.run" / "state").read_bytes() == before
    assert [path.name for path in (tmp_path / "m.run").iterdir()] == ["state"]
    np.testing.assert_array_equal(weights(net), whole()[0])


def test_a_loss_that_is_no_number_leaves_nothing_to_go_on_with(tmp_path):
    with pytest.raises(ArgumentError, match="the loss became nan"):
        run_until(tmp_path / "m", None, replace(RECIPE, learning_rate=1e30))
    assert not (tmp_path / "m.run").exists()


def test_an_interrupt_leaves_the_state(tmp_path):
    with UnfinishedRun(tmp_path / "m", every=0, share=math.inf) as run, learner() as net:
        watcher = Recorder(stop_at=13, error=StopTraining)
        fit(net, problem(), problem(20, 1), RECIPE, watcher=watcher, run=run)
    np.testing.assert_array_equal(run_until(tmp_path / "m", None)[0], whole()[0])


def test_saving_takes_a_small_part_of_the_time(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("bothways.training._run.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(
        "bothways.training._run.replace_file", lambda *_: clock.__setitem__(0, clock[0] + 3)
    )
    with UnfinishedRun(tmp_path / "m", every=10) as run:
        saves = 0
        while clock[0] < 1000:
            clock[0] += 1
            if run.due():
                run.save({})
                saves += 1
    assert saves == 7  # after 10 seconds, then every 150 and the 3 that it takes


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
leaves = json_values | arrays.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8]), arrays.array_shapes(min_side=0)
)
names = st.text("abc.é", min_size=1, max_size=4)
trees = st.recursive(
    st.dictionaries(names, leaves, max_size=4),
    lambda inner: st.dictionaries(names, inner | leaves, max_size=3),
    max_leaves=6,
)


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and (
            one.tobytes() == other.tobytes()
        )  # fmt: skip
    return type(one) is type(other) and one == other


@given(trees)
@settings(max_examples=60, deadline=None)
def test_every_state_comes_back(state):
    assert same(state, decode_state(encode_state(state)))


@given(st.integers(0, 2**32), st.integers(0, 7))
@settings(max_examples=20, deadline=None)
def test_a_generator_goes_on_where_it_was(seed, drawn):
    rng, other = np.random.default_rng(seed), np.random.default_rng()
    rng.integers(0, 9, drawn, np.uint32)  # an odd number leaves half a draw behind
    set_generator(other, json.loads(json.dumps(generator_state(rng))))
    np.testing.assert_array_equal(rng.integers(0, 2**31, 5), other.integers(0, 2**31, 5))


def test_state_needs_no_more_than_the_learner(tmp_path):
    with new_learner(SPEC, 12, RECIPE) as net:
        net.load_state(decode_state(encode_state(net.state())))


def test_what_a_killed_writer_left_goes_and_what_is_not_ours_stays(tmp_path):
    run_until(tmp_path / "m", 3)
    (tmp_path / "m.run" / ".state.bothways-12345678").write_bytes(b"half")
    (tmp_path / "m.run" / "notes.txt").write_text("mine")
    with UnfinishedRun(tmp_path / "m", resume=True) as run:
        assert {path.name for path in (tmp_path / "m.run").iterdir()} == {"state", "notes.txt"}
        run.finish()
    assert [path.name for path in (tmp_path / "m.run").iterdir()] == ["notes.txt"]
