"""Made-up reviews whose late words decide what the early ones meant."""

from __future__ import annotations

import csv
import random
from pathlib import Path

_SUBJECTS = ("the film", "this album", "her novel", "the play", "their new show", "the concert")
_PRAISE = ("a triumph", "wonderful", "the best of the year", "a quiet masterpiece", "brilliant")
_BLAME = ("a disaster", "dreadful", "the worst of the year", "a loud mess", "tedious")
_SAID = ("they promised us", "the posters said", "my friends told me", "the critics wrote")
_BETWEEN = (
    "so we went on a rainy evening",
    "so I gave it a chance",
    "and we stayed until the very end",
    "and the seats cost more than dinner",
    "and half of the town had come",
    "while the children slept at home",
)
_AGREES = ("and every word of it was true", "and they were right", "and so it was")
_DENIES = ("and not a word of it was true", "and they were wrong", "and it was nothing of the kind")


def sentence(rng: random.Random) -> tuple[str, str]:
    """A review and its label: praise or blame early on, and late whether it held.

    Two in three claims hold, so the early words alone are right that often.
    """
    praised, holds = rng.random() < 0.5, rng.random() < 2 / 3
    claim = rng.choice(_PRAISE if praised else _BLAME)
    middle = rng.sample(_BETWEEN, rng.randint(0, 2))
    end = rng.choice(_AGREES if holds else _DENIES)
    parts = [f"{rng.choice(_SUBJECTS)} would be {claim}", rng.choice(_SAID), *middle, end]
    return " ".join(parts), "good" if praised == holds else "bad"


def write(path: Path, rows: int, seed: int) -> None:
    """A csv file with `rows` reviews, columns text and label."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(sentence(rng) for _ in range(rows))
