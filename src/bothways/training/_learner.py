"""What the training loop trains, whatever computes it: the kernels, or torch on a GPU."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, optim
from bothways.artifact import TABLE, NetworkSpec
from bothways.errors import ArgumentError, require
from bothways.kernels import default_threads
from bothways.training._exchange import Exchange
from bothways.training._initial import initial_tensors, place_vectors
from bothways.training._loss import Labels
from bothways.training._network import ClassifierNetwork, train_step
from bothways.training._network_of import check_trainable
from bothways.training._presets import Preset
from bothways.training._ranks import Ranks
from bothways.training._state import generator_state, set_generator
from bothways.vectors import Vectors

Floats = NDArray[np.float32]


class Learner(ABC):
    """A network with its optimizer and the randomness of its dropout.

    Where several ranks train, each has one; all are given the same whole batches, share the work,
    and have the same bits after each step.
    """

    spec: NetworkSpec

    @abstractmethod
    def step(
        self,
        ids: Ragged,
        labels: Labels,
        rate: float,
        weights: Floats | None = None,
    ) -> float:
        """One update on `N` texts, `ids (T,)` int32 and `labels (N,)` int64 or `(N, C)` bool, with
        the learning rate `rate`; returns their mean loss in nats, each multiplied by its weight,
        `(N,)`, or `(N, C)` for the labels of each."""

    @abstractmethod
    def tensors(self) -> dict[str, Floats]:
        """The weights, by the names of `NetworkSpec.tensor_shapes`; valid until the next step."""

    @abstractmethod
    def load_tensors(self, tensors: Mapping[str, Floats]) -> None:
        """Take over weights of the same names and shapes."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """All that the next steps depend on: nested dictionaries of arrays and of what JSON
        holds. The arrays may be the learner's own; nothing is settled, and no bit changes.

        Whatever is added to a step and has a memory of its own (a random generator, averages
        of weights) has a name here and in `load_state`.
        """

    @abstractmethod
    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from the `state` of a learner like this one.

        Raises `ArgumentError`, `KeyError` and the like if it is that of another.
        """


class KernelLearner(Learner):
    """A network in NumPy and the kernels; with `ranks` one of several that are kept alike."""

    def __init__(
        self,
        spec: NetworkSpec,
        tensors: Mapping[str, Floats],
        recipe: Preset,
        *,
        rng: np.random.Generator,
        threads: int | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.spec = spec
        self.exchange = None if ranks is None else Exchange(ranks)
        self.network = ClassifierNetwork(
            spec,
            tensors,
            precision=recipe.precision,
            checkpoint=recipe.checkpoint,
            adversarial=recipe.adversarial,
        )
        self.optimizer = new_optimizer(recipe, self.network.tensors)
        self._rng, self._threads = rng, threads or default_threads()

    def step(
        self,
        ids: Ragged,
        labels: Labels,
        rate: float,
        weights: Floats | None = None,
    ) -> float:
        return train_step(
            *(self.network, self.optimizer, ids, labels, rate, self._rng),
            weights=weights,
            threads=self._threads,
            exchange=self.exchange,
        )

    def tensors(self) -> dict[str, Floats]:
        self.optimizer.settle(threads=self._threads)
        return self.network.tensors

    def load_tensors(self, tensors: Mapping[str, Floats]) -> None:
        self.network.load_tensors(tensors)

    def state(self) -> dict[str, Any]:
        return {
            "weights": self.network.tensors,
            "optimizer": self.optimizer.state(),
            "dropout": generator_state(self._rng),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        check_shapes(state["weights"], self.network.tensors)
        self.network.load_tensors(state["weights"])
        self.optimizer.load_state(state["optimizer"])
        set_generator(self._rng, state["dropout"])


@contextmanager
def new_learner(
    spec: NetworkSpec,
    vocabulary_size: int,
    recipe: Preset,
    *,
    seed: int = 0,
    threads: int | None = None,
    device: str = "cpu",
    vectors: Vectors | None = None,
    place: Callable[[dict[str, Floats]], None] | None = None,
    ranks: Ranks | None = None,
) -> Iterator[Learner]:
    """A network with first weights, ready to learn; within the context it may be trained.

    `vectors` are rows for the embedding to begin with, as wide as `spec` says, for some words.
    `place` may put weights of its own into the first ones. `ranks` share the work.

    The same seed gives the same weights on every device, and on the CPU the same training bit
    for bit. Raises `ArgumentError` for a device that is not there, or for what it cannot do, and
    for a network that is only predicted with; `MissingExtraError` for a GPU without torch.
    """
    check_trainable(spec)
    if device not in ("cpu", "cuda"):
        raise ArgumentError(f"device must be 'cpu' or 'cuda', got {device!r}")
    first, dropout = np.random.SeedSequence(seed).spawn(2)
    tensors = initial_tensors(spec, vocabulary_size, np.random.default_rng(first))
    if vectors is not None:
        place_vectors(tensors[TABLE], vectors)
    if place is not None:
        place(tensors)
    if device == "cpu":
        rng = np.random.default_rng(dropout)
        yield KernelLearner(spec, tensors, recipe, rng=rng, threads=threads, ranks=ranks)
        return
    require("torch", extra="torch", purpose=f"device {device!r}")
    from bothways.training._torch import TorchLearner, torch_settings

    with torch_settings(seed, threads):
        yield TorchLearner(spec, tensors, recipe, device=device, ranks=ranks)


def new_optimizer(recipe: Preset, parameters: Mapping[str, Floats]) -> optim.Optimizer:
    """The recipe's optimizer over `parameters`; `ArgumentError` for one that is not there."""
    check_optimizer(recipe)
    if recipe.optimizer == "adamw":
        return optim.AdamW(parameters, weight_decay=recipe.weight_decay)
    return {"rmsprop": optim.RMSprop, "adam": optim.Adam}[recipe.optimizer](parameters)


def check_optimizer(recipe: Preset) -> None:
    """Raise `ArgumentError` for an unknown optimizer, or a weight decay that it does not have."""
    names = get_args(get_type_hints(Preset)["optimizer"])
    if recipe.optimizer not in names:
        raise ArgumentError(f"the optimizer must be one of {names}, got {recipe.optimizer!r}")
    if recipe.weight_decay and recipe.optimizer != "adamw":
        raise ArgumentError(
            f"weight_decay is for the optimizer 'adamw', got {recipe.weight_decay} "
            f"with {recipe.optimizer!r}"
        )


def check_shapes(tensors: Mapping[str, Floats], own: Mapping[str, Floats]) -> None:
    """Raise `ArgumentError` unless the weights have the names, shapes and type of `own`."""
    got, expected = ({k: (v.shape, v.dtype) for k, v in t.items()} for t in (tensors, own))
    if got != expected:
        raise ArgumentError("its weights are those of another network")
