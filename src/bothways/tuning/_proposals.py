"""Which recipe to try next, and whether to go on with it: the only file that knows Optuna."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from bothways.training import Epoch, Preset
from bothways.tuning._space import Choice, Space, coordinate, recipe_at
from bothways.tuning._trial import Pruned

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

# Asked so often without one that is new, small and quick enough, there is none to be found.
_ASKED = 100
# So many trials after the first keep each field of it with this chance, and the others are drawn:
# a recipe that shares nothing with a good one is rarely good, and there is time for few.
_NEAR, _KEPT = 7, 0.6
# Trials of different length are compared where they have done the same share of their epochs:
# within one cycle of the learning rate the second of two epochs is not the second of ten.
_SHARES = 10


class Proposals:
    """Recipes to try, one at a time: `ask` for one, `judge` its epochs, `tell` how good it is.

    Where to look next is decided by a tree-structured Parzen estimator (Bergstra et al. 2011),
    seeded; the first is `start` itself. `table`: see `space_around`.
    """

    def __init__(self, start: Preset, table: Space, vocabulary: int, seed: int) -> None:
        import optuna

        self._start, self._table, self._vocabulary = start, table, vocabulary
        self._distributions = distributions(table)
        self._study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=6),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=_SHARES // 4),
        )
        own = {name: coordinate(start, name, vocabulary) for name in table}
        self._study.enqueue_trial(own)
        rng = np.random.default_rng(seed)
        for _ in range(_NEAR):  # what is not given to it, Optuna draws
            self._study.enqueue_trial({n: v for n, v in own.items() if rng.random() < _KEPT})
        self._values: dict[Preset, float | None] = {}
        self._asked: Trial
        self._recipe: Preset

    def ask(self, fits: Callable[[Preset], bool]) -> Preset | None:
        """The next recipe that is new and `fits`; None if there seems to be none left."""
        from optuna.trial import TrialState

        for _ in range(_ASKED):
            asked = self._study.ask(self._distributions)
            recipe = recipe_at(self._start, asked.params, self._vocabulary, self._table)
            value = self._values.get(recipe)
            if value is not None:
                self._study.tell(asked, value)
            elif recipe in self._values or not fits(recipe):
                self._study.tell(asked, state=TrialState.FAIL)
            else:
                self._asked, self._recipe = asked, recipe
                return recipe
        return None

    def judge(self, epoch: Epoch, epochs: int) -> None:
        """Raise `Pruned` if half of the trials before were better after the same share."""
        done = _SHARES * epoch.epoch // epochs
        for share in range(_SHARES * (epoch.epoch - 1) // epochs, done):
            self._asked.report(epoch.score or 0.0, share)
        if epoch.epoch < epochs and self._asked.should_prune():
            raise Pruned

    def tell(self, accuracy: float | None, *, pruned: bool = False) -> None:
        """The accuracy of the recipe that was asked for; None if it has none."""
        from optuna.trial import TrialState

        self._values[self._recipe] = accuracy
        if pruned:
            self._study.tell(self._asked, state=TrialState.PRUNED)
        elif accuracy is None:
            self._study.tell(self._asked, state=TrialState.FAIL)
        else:
            self._study.tell(self._asked, accuracy)


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna without its log for the time of a search, and as it was after it."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The table in Optuna's terms."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    found: dict[str, BaseDistribution] = {}
    for name, values in space.items():
        if isinstance(values, Choice):
            found[name] = CategoricalDistribution(values.values)
        elif isinstance(values.low, int) and isinstance(values.high, int):
            found[name] = IntDistribution(values.low, values.high, log=values.log)
        else:
            found[name] = FloatDistribution(values.low, values.high, log=values.log)
    return found
