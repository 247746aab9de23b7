"""Is averaging the weights over the last passes worth anything? `accurate` with and without.

    python benchmarks/averaging.py REVIEWS.parquet [--passes 3] [--floor 0.5] [--seeds 1]

The weights of every fifth step of the last `--passes` are averaged (Polyak & Juditsky 1992;
Izmailov et al. 2018), and the learning rate stays at `--floor` of its highest, as weights that no
longer move have nothing to average. From there on the average is what is measured, on 5,000
held-out texts (stratified, seed 0), after each pass. `--passes 0` is `accurate` as it is.
"""

import argparse
import math

import numpy as np

from bothways import TextClassifier
from bothways.data import read, split
from bothways.training import _learner, _loop, preset

EVERY = 5


class Averaging(_learner.KernelLearner):
    """Gives the mean of its weights from step `begin` on."""

    begin = math.inf

    def step(self, *arguments, **options):
        loss = super().step(*arguments, **options)
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps >= self.begin and self.steps % EVERY == 0:
            self.taken = getattr(self, "taken", 0) + 1
            now = super().tensors()
            if self.taken == 1:
                self.mean = {name: np.zeros_like(tensor) for name, tensor in now.items()}
            for name, tensor in now.items():
                self.mean[name] += (tensor - self.mean[name]) / self.taken
        return loss

    def tensors(self):
        own = super().tensors()
        return getattr(self, "mean", own)


def floored(schedule, floor):
    """The schedule, whose rate does not fall below a share of its highest."""

    def rates(recipe, steps):
        for step, rate in enumerate(schedule(recipe, steps)):
            falling = step > steps // 4
            yield max(rate, floor * recipe.learning_rate) if falling else rate

    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--passes", type=float, default=3)
    parser.add_argument("--floor", type=float, default=0.5)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    rows, recipe = read(given.data), preset("accurate")
    labels = np.array(rows.labels)
    train, held = split(labels, 5000, 0)
    if given.passes:
        steps = math.ceil(len(train) / recipe.batch_size)
        Averaging.begin = int(steps * (recipe.epochs - given.passes))
        _loop._schedule = floored(_loop._schedule, given.floor)
        _learner.KernelLearner = Averaging
    for seed in range(given.seeds):
        one = TextClassifier(preset=recipe, random_state=seed)
        valid = ([rows.texts[n] for n in held], labels[held])
        one.fit([rows.texts[n] for n in train], labels[train], valid=valid)
        reached = ", ".join(f"{100 * epoch.valid_accuracy:.2f}" for epoch in one.history_)
        print(f"seed {seed}, after each pass: {reached} %", flush=True)


if __name__ == "__main__":
    main()
