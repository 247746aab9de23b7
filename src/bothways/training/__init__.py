"""Training: the loop, its recipes, and the network that learns.

On the CPU it runs on NumPy and the kernels; torch is imported for a GPU alone.
"""

from bothways.training._history import Epoch, History
from bothways.training._initial import initial_tensors
from bothways.training._learner import KernelLearner, Learner, new_learner, new_optimizer
from bothways.training._loop import Examples, Watcher, fit
from bothways.training._network import ClassifierNetwork, train_step
from bothways.training._presets import PRESETS, Preset, preset

__all__ = [
    "PRESETS",
    "ClassifierNetwork",
    "Epoch",
    "Examples",
    "History",
    "KernelLearner",
    "Learner",
    "Preset",
    "Watcher",
    "fit",
    "initial_tensors",
    "new_learner",
    "new_optimizer",
    "preset",
    "train_step",
]
