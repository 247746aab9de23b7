"""The search, without any training: what is tried, kept, left out, and when it ends."""

from __future__ import annotations

import math
from dataclasses import replace

import optuna
import pytest
from fake_training import SIZES, STEPS, Clock, Trainer, cost, limits

from bothways.errors import ArgumentError
from bothways.training import preset
from bothways.tuning import SPACE, search

BASE = replace(preset("fast"), epochs=4)


def hill(recipe):
    """Best at a hidden size of 96 and many epochs."""
    return 0.9 - abs(math.log(recipe.hidden_size / 96)) / 10 - 0.2 / recipe.epochs


def run(trainer, seconds=1e6, base=BASE, fixed=(), seed=0, report=None, **more):
    return search(
        *(trainer, base, SIZES, cost(), limits(trainer.clock, seconds, **more)),
        fixed=fixed,
        seed=seed,
        report=report,
    )


def test_the_preset_comes_first_and_better_ones_are_kept():
    told = []
    trainer = Trainer(Clock(), hill)
    found = run(trainer, trials=25, report=told.append)
    assert trainer.recipes[0] == BASE and found.trials[0].changes == {}
    assert told == found.trials and [t.number for t in told] == list(range(1, 26))
    judged = [t for t in told if t.state == "finished"]
    assert found.best.accuracy == max(t.accuracy for t in judged) > hill(BASE)
    assert found.made == found.recipe == replace(BASE, name="fast-tuned", **found.best.changes)
    assert len(set(trainer.recipes)) == 25
    assert {t.state for t in told} == {"finished", "pruned"}
    assert all(t.epochs < r.epochs for t, r in zip(told, trainer.recipes, strict=True)
               if t.state == "pruned")  # fmt: skip


def test_nothing_better_leaves_the_preset():
    found = run(Trainer(Clock(), lambda r: 0.9 if r == BASE else 0.8), trials=8)
    assert found.recipe == BASE and found.best.number == 1
    # Of those that are equal the first stays.
    assert run(Trainer(Clock()), trials=8).best.number == 1


def test_the_same_seed_tries_the_same_and_a_longer_search_begins_as_a_shorter():
    def recipes(trials, seed):
        trainer = Trainer(Clock(), hill)
        run(trainer, trials=trials, seed=seed)
        return trainer.recipes

    assert recipes(12, 3) == recipes(20, 3)[:12]
    assert recipes(5, 4)[1:] != recipes(5, 3)[1:]


def test_fixed_fields_stay():
    trainer = Trainer(Clock(), hill)
    run(trainer, trials=10, fixed=("epochs", "batch_size"))
    assert {(r.epochs, r.batch_size) for r in trainer.recipes} == {(4, 32)}
    assert len({r.hidden_size for r in trainer.recipes}) > 2


def test_the_trials_after_the_first_are_near_it():
    trainer = Trainer(Clock(), hill)
    found = run(trainer, trials=30)
    near, far = ([len(t.changes) for t in part] for part in (found.trials[1:8], found.trials[8:]))
    assert max(near) <= 9 < len(SPACE) and sum(near) / 7 < 7 < sum(far) / len(far)


@pytest.mark.parametrize("seconds", [20, 80])
def test_time_is_used_and_not_overrun(seconds):
    clock = Clock()
    cheap = cost()
    trainer = Trainer(clock, hill, lambda r: cheap.work(r) * r.epochs / cheap.work(BASE))
    found = run(trainer, seconds)
    assert 0.6 * seconds < clock.now <= seconds
    # The estimates are right here, so no trial was begun that had to be stopped.
    assert {t.state for t in found.trials} <= {"finished", "pruned"}


def test_a_trial_that_takes_longer_than_thought_is_stopped_and_its_best_epoch_counts():
    clock = Clock()
    trainer = Trainer(clock, lambda r: 0.5 if r == BASE else 9.0, lambda r: 1 if r == BASE else 80)
    found = run(trainer, 60)
    assert [t.state for t in found.trials] == ["finished", "stopped"]
    step = 80 / trainer.recipes[1].epochs / STEPS
    assert 58.8 <= clock.now <= 58.8 + step
    last = found.trials[1]
    assert last.best and 0 < last.epochs < found.recipe.epochs
    assert last.accuracy == 9.0 * last.epochs / found.recipe.epochs


def test_a_time_too_short_for_one_training():
    clock = Clock()
    trainer = Trainer(clock, seconds=lambda r: 100.0)
    told = []
    with pytest.raises(ArgumentError) as error:
        run(trainer, 60, report=told.append)
    assert str(error.value) == (
        "60 seconds are too few to search in: one training with the preset 'fast' takes about "
        "101 seconds here, and a search several"
    )
    assert clock.now <= 5 and told == []


@pytest.mark.parametrize("before", [0.4, 5.0])
def test_a_time_that_is_over_before_anything_is_known(before):
    clock = Clock()
    budget = limits(clock, 1)
    clock.now = before
    trainer = Trainer(clock, seconds=lambda r: 10)
    with pytest.raises(ArgumentError, match=r"1(\.0)? seconds? are too few"):
        search(trainer, BASE, SIZES, cost(), budget)
    assert clock.now < before + 1


def test_an_interrupt_keeps_the_best_so_far():
    def interrupt():
        raise KeyboardInterrupt

    trainer = Trainer(Clock(), hill, at={3: interrupt})
    found = run(trainer)
    assert found.interrupted and len(found.trials) == 3
    assert found.trials[2].state == "stopped" and found.best is not None

    def elsewhere(trial):
        if trial.number == 2:
            raise KeyboardInterrupt

    found = run(Trainer(Clock(), hill), report=elsewhere)
    assert found.interrupted and len(found.trials) == 2 and found.best is not None


def test_an_interrupt_before_there_is_anything():
    class Interrupted(Trainer):
        def __call__(self, recipe, watcher):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Interrupted(Clock()))


def test_a_recipe_that_fails_is_told_and_the_search_goes_on():
    def fail():
        raise ArgumentError("the loss became nan")

    def starve():
        raise MemoryError

    found = run(Trainer(Clock(), hill, at={2: fail, 3: starve}), trials=6)
    assert [t.reason for t in found.trials[1:3]] == [
        *("the loss became nan", "there was not enough memory"),
    ]
    assert [t.state for t in found.trials[1:3]] == ["failed", "failed"]
    assert len(found.trials) == 6 and not any(t.best for t in found.trials[1:3])
    with pytest.raises(ArgumentError, match="nan"):
        run(Trainer(Clock(), hill, at={1: fail}), trials=6)


def test_the_size_is_kept_and_the_preset_made_smaller_for_it():
    trainer = Trainer(Clock(), hill)
    found = run(trainer, max_size=600_000, trials=15)
    assert SIZES.of(BASE) > 600_000
    assert [*found.trials[0].changes] == ["max_tokens"]
    assert all(t.bytes == SIZES.of(r) <= 600_000
               for t, r in zip(found.trials, trainer.recipes, strict=True))  # fmt: skip
    assert len(found.trials) == 15


def test_a_space_that_is_used_up_ends_the_search():
    names = set(vars(BASE)) - {"layers", "pooling"}
    found = run(Trainer(Clock()), fixed=names)
    assert len(found.trials) == 6


def test_optuna_is_quiet_and_left_as_it_was(capfd, recwarn):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    run(Trainer(Clock(), hill), trials=8)
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert capfd.readouterr() == ("", "") and not recwarn.list
