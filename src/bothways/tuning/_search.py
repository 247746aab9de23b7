"""The search: read it from the top."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from bothways.errors import ArgumentError, BothwaysError
from bothways.training import Epoch, History, Preset, Watcher
from bothways.tuning._budget import Budget, Cost
from bothways.tuning._proposals import Proposals, quiet
from bothways.tuning._size import Sizes, small_enough
from bothways.tuning._space import SPACE, Space, changes, space_around
from bothways.tuning._trial import Pruned, State, Trial, TrialWatcher

Report = Callable[[Trial], None]
Train = Callable[[Preset, Watcher], tuple[Any, History]]
"""Trains a recipe and returns what it made, and the history; what a watcher raises passes through,
but for `StopTraining`."""


class Limits(NamedTuple):
    """What a search may use: time, bytes of the folder, and how many trials."""

    budget: Budget
    max_size: int | None = None
    trials: int | None = None


@dataclass
class Found:
    """What a search leaves: the best recipe, what was made of it, and every trial."""

    recipe: Preset
    made: Any = None
    trials: list[Trial] = field(default_factory=list)
    interrupted: bool = False

    @property
    def best(self) -> Trial | None:
        """The trial that is kept."""
        return next((trial for trial in reversed(self.trials) if trial.best), None)


def search(
    train: Train,
    base: Preset,
    sizes: Sizes,
    cost: Cost,
    limits: Limits,
    *,
    fixed: Collection[str] = (),
    space: Space = SPACE,
    seed: int = 0,
    report: Report | None = None,
    watcher: Watcher | None = None,
) -> Found:
    """Train `base`, then recipes around it, until a limit is met; keep the best on validation.

    The first trial is `base` itself (made smaller, if it has to be), so that the result is no
    worse; of two that are equally accurate the lower loss counts, and then the earlier. An
    interrupt keeps the best so far. `fixed` fields are not searched. The same seed gives the
    same trials, but for those that were left out or stopped because time was short.

    Raises `ArgumentError` if not even the first can be trained within the limits, and
    `KeyboardInterrupt` if it is interrupted before there is anything to keep.
    """
    budget, max_size, most = limits

    def fits(recipe: Preset) -> bool:
        small = max_size is None or sizes.of(recipe) <= max_size
        return small and cost.estimate(recipe) <= budget.left

    start = small_enough(base, sizes, max_size, fixed, space)
    table = space_around(start, fixed, sizes.vocabulary, space)
    found = Found(base)
    with quiet():
        proposals = Proposals(start, table, sizes.vocabulary, seed)
        try:
            for number in itertools.count(1):
                if found.interrupted or (most is not None and number > most):
                    break
                recipe = proposals.ask(fits)
                if recipe is None:
                    break
                if recipe != base:
                    recipe = replace(recipe, name=f"{base.name}-tuned")
                first = f"the preset {base.name!r}" if number == 1 else None
                watch = TrialWatcher(budget, proposals.judge, first=first, watcher=watcher)
                began = budget.used
                attempt = _attempt(train, recipe, watch, number)
                seconds = budget.used - began
                if number == 1 and watch.best is None:
                    found.interrupted = attempt.interrupted
                    break
                cost.learn(recipe, watch.share, seconds)
                found.interrupted = attempt.interrupted
                trial = Trial(
                    number,
                    changes(base, recipe),
                    attempt.state,
                    round(seconds, 3),
                    watch.finished,
                    watch.best.score if watch.best else None,
                    watch.best.valid_loss if watch.best else None,
                    sizes.of(recipe),
                    best=attempt.made is not None and _better(watch.best, found.best),
                    reason=attempt.reason,
                )
                proposals.tell(trial.accuracy, pruned=trial.state == "pruned")
                found.trials.append(trial)
                if trial.best:
                    found.made, found.recipe = attempt.made, recipe
                if report:
                    report(trial)
        except KeyboardInterrupt:
            found.interrupted = True
    if found.best is None:
        if found.interrupted:
            raise KeyboardInterrupt
        raise ArgumentError(
            f"{budget.seconds:g} seconds are too few to search in: they were over before an epoch "
            f"of the preset {base.name!r} was, after {budget.used:.1f} seconds"
        )
    return found


class _Attempt(NamedTuple):
    made: Any
    state: State
    interrupted: bool = False
    reason: str | None = None


def _attempt(train: Train, recipe: Preset, watch: TrialWatcher, number: int) -> _Attempt:
    """Train a recipe; what goes wrong with any but the first concerns that recipe alone."""
    try:
        made, history = train(recipe, watch)
    except Pruned:
        return _Attempt(None, "pruned")
    except (BothwaysError, MemoryError) as error:
        if number == 1:
            raise
        return _Attempt(None, "failed", reason=str(error) or "there was not enough memory")
    cut = watch.stopped or history.interrupted
    return _Attempt(made, "stopped" if cut else "finished", history.interrupted)


def _better(epoch: Epoch | None, best: Trial | None) -> bool:
    """Is this epoch more accurate on the validation part, or as accurate at a lower loss?"""
    if epoch is None or epoch.score is None or epoch.valid_loss is None:
        return False
    if best is None or best.accuracy is None or best.log_loss is None:
        return True
    return (epoch.score, -epoch.valid_loss) > (best.accuracy, -best.log_loss)
