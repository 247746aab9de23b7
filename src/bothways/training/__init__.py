"""Training in torch; it needs the `train` extra."""

from bothways.errors import require

require("torch", extra="train", purpose="training")

from bothways.training._history import Epoch, History  # noqa: E402
from bothways.training._loop import Examples, Watcher, fit, train_step  # noqa: E402
from bothways.training._network import ClassifierNetwork  # noqa: E402
from bothways.training._presets import PRESETS, Preset, preset  # noqa: E402
from bothways.training._rmsprop import RMSprop  # noqa: E402

__all__ = [
    "PRESETS",
    "ClassifierNetwork",
    "Epoch",
    "Examples",
    "History",
    "Preset",
    "RMSprop",
    "Watcher",
    "fit",
    "preset",
    "train_step",
]
