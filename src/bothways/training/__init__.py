"""Training: the loop, its recipes, and the network that learns.

On the CPU it runs on NumPy and the kernels; torch is imported for a GPU alone.
"""

from bothways.training._calibration import (
    CALIBRATION_BINS,
    CALIBRATION_TEXTS,
    brier_score,
    calibration_error,
    fit_calibration,
    fit_temperature,
)
from bothways.training._examples import Examples, HeldOut, Source
from bothways.training._history import Epoch, History
from bothways.training._initial import initial_tensors, prior_bias
from bothways.training._launch import Launch, launch
from bothways.training._learner import KernelLearner, Learner, new_learner, new_optimizer
from bothways.training._loop import StopTraining, Watcher, fit
from bothways.training._network import ClassifierNetwork, train_step
from bothways.training._network_of import check_trainable, network_of
from bothways.training._preset_json import parse_preset, preset, preset_json
from bothways.training._presets import PRESETS, Preset, for_texts
from bothways.training._ranks import Ranks, check_agreement, join_ranks
from bothways.training._run import UnfinishedRun
from bothways.training._validation import log_loss

__all__ = [
    "CALIBRATION_BINS",
    "CALIBRATION_TEXTS",
    "PRESETS",
    "ClassifierNetwork",
    "Epoch",
    "Examples",
    "HeldOut",
    "History",
    "KernelLearner",
    "Launch",
    "Learner",
    "Preset",
    "Ranks",
    "Source",
    "StopTraining",
    "UnfinishedRun",
    "Watcher",
    "brier_score",
    "calibration_error",
    "check_agreement",
    "check_trainable",
    "fit",
    "fit_calibration",
    "fit_temperature",
    "for_texts",
    "initial_tensors",
    "join_ranks",
    "launch",
    "log_loss",
    "network_of",
    "new_learner",
    "new_optimizer",
    "parse_preset",
    "preset",
    "preset_json",
    "prior_bias",
    "train_step",
]
