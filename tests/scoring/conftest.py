"""Models to score with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bothways
from bothways import TextClassifier
from bothways.training import preset

WORDS = np.array(["red", "blue", "old"])


@pytest.fixture(scope="session")
def several_folder(tmp_path_factory):
    """The folder of a model that gives a text several labels or none."""
    matrix = np.random.default_rng(0).integers(0, 2, (160, 3))
    texts = ["a film " + " ".join(WORDS[row == 1]) for row in matrix]
    recipe = replace(
        preset("classic"), embedding_dim=8, hidden_size=6, epochs=12, learning_rate=0.03
    )
    recipe = replace(recipe, batch_size=16)
    sets = [WORDS[row == 1].tolist() for row in matrix]
    folder = tmp_path_factory.mktemp("several") / "model"
    TextClassifier(preset=recipe, validation=0.25).fit(texts, sets).save(folder)
    return folder


@pytest.fixture(scope="session")
def several_model(several_folder):
    return bothways.load(several_folder)
