"""The folder of a run that is not finished, from which it can go on.

    MODEL.run/state      written whole every so often, replaced in one step

The folder is there while a run trains, and locked by it; it is removed once the model is saved.
What a killed run leaves is its last state.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from bothways.artifact import claim, replace_file
from bothways.errors import ArgumentError, ArtifactError
from bothways.training._state import State, decode_state, encode_state

# Names in a key that mean nothing to a reader.
OF_DATA = ("fingerprint", "words", "train", "valid")


class UnfinishedRun:
    """Keeps the state of a training run beside the model that will be saved at `model`.

    A context manager. Within it the run has `MODEL.run` for itself. A run that was left there
    is gone on with if `resume`, forgotten if `overwrite`, and refused otherwise. The state is
    saved every `every` seconds, or less often where saving would take more than the part
    `share` of the time. Where it cannot be saved, a full disk say, `warn` is called once and
    the training goes on; what was saved before stays. `finish` removes everything.

    Raises `ArtifactError`, one sentence, on entering: another run has the folder, a run was
    left there, or its state was damaged or cannot be read.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        resume: bool = False,
        overwrite: bool = False,
        every: float = 10.0,
        share: float = 0.02,
        warn: Callable[[str], None] = warnings.warn,
    ) -> None:
        self.path = os.path.realpath(os.fsdecode(model)) + ".run"
        self.saved: State | None = None
        """The state to go on from."""
        self._resume, self._overwrite, self._warn = resume, overwrite, warn
        self._every, self._share = every, share
        self._key: dict[str, Any] = {}
        self._lock, self._last, self._pause = -1, time.monotonic(), every

    @property
    def is_kept(self) -> bool:
        """Is there a state from which the run could go on?"""
        return os.path.lexists(self._state)

    @property
    def steps(self) -> int:
        """How many steps were done in what is gone on with."""
        return self.saved["run"]["progress"]["steps"] if self.saved else 0

    def __enter__(self) -> UnfinishedRun:
        try:
            lock = claim(self.path)
        except OSError as error:
            raise ArtifactError(f"{self.path}: {error.strerror or error}") from None
        if lock is None:
            raise ArtifactError(f"{self.path}: another run is training this model now")
        self._lock = lock
        try:
            self._take_over()
        except BaseException:
            os.close(lock)
            raise
        self._last = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            os.rmdir(self.path)  # where nothing was saved
        os.close(self._lock)

    def agree(self, key: Mapping[str, Any]) -> None:
        """Say what decides the run's result; that of a run to go on with must be the same.

        `key` has values by name, in the order in which they are told.

        Raises `ArtifactError` naming what differs.
        """
        self._key = json.loads(json.dumps(key, default=str))
        if self.saved is None:
            return
        differ = differences(self._key, self.saved["key"])
        if not differ:
            return
        name, then, now = differ[0]
        had = f"{name} {then!r}, and this one has {now!r}"
        if name in OF_DATA:
            had = "other data: its texts, labels or weights differ"
        raise ArtifactError(
            f"{self.path}: the unfinished run has {had}; resume it with what it was started "
            "with, or start anew with overwrite=True (--overwrite)"
        )

    def due(self) -> bool:
        """Is it time to save?"""
        return time.monotonic() - self._last >= self._pause

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace what was saved by the state that the run has now."""
        started = time.monotonic()
        try:
            replace_file(self._state, encode_state({"key": self._key, "run": state}))
        except ArtifactError as error:
            self._warn(f"{error}; training goes on, and could not be resumed from here")
            self._warn = _silent
        self._last = time.monotonic()
        self._pause = max(self._every, (self._last - started) / self._share)

    def finish(self) -> None:
        """The model is saved: nothing is left to go on with."""
        with suppress(OSError):
            os.unlink(self._state)
        with suppress(OSError):
            os.rmdir(self.path)

    @property
    def _state(self) -> str:
        return os.path.join(self.path, "state")

    def _take_over(self) -> None:
        """What was left by a run that ended before."""
        for name in os.listdir(self.path):
            if name.startswith(".state.bothways-"):  # a killed writer's
                os.unlink(os.path.join(self.path, name))
        if not self.is_kept:
            return
        if self._resume:
            self.saved = self._read()
        elif self._overwrite:
            os.unlink(self._state)
        else:
            raise ArtifactError(
                f"{self.path}: holds a run that was not finished; resume=True (--resume) goes on "
                "with it, overwrite=True (--overwrite) starts anew"
            )

    def _read(self) -> State:
        try:
            with open(self._state, "rb") as file:
                state = decode_state(file.read())
        except OSError as error:
            raise ArtifactError(f"{self._state}: {error.strerror or error}") from None
        except ArtifactError as error:
            raise ArtifactError(
                f"{self._state}: {error}; without it the run cannot go on, and overwrite=True "
                "(--overwrite) starts anew"
            ) from None
        if not isinstance(state.get("key"), dict) or not isinstance(state.get("run"), dict):
            raise ArtifactError(f"{self._state}: it is not the state of a run")
        return state


def restore(load: Callable[[], None], run: UnfinishedRun | None) -> None:
    """Let `load` take over what was saved in `run`, or, without one, by another rank.

    Raises `ArtifactError` for a state that is whole, but not that of this training.
    """
    try:
        load()
    except (ArgumentError, ArtifactError, AttributeError, KeyError, TypeError, ValueError) as error:
        where = "" if run is None else f"{run.path}: "
        raise ArtifactError(
            f"{where}the state of the run is that of another training ({error})"
        ) from None


def differences(now: Any, then: Any, name: str = "") -> list[tuple[str, Any, Any]]:
    """The values that differ: their names, what they were `then` and are `now`."""
    if not isinstance(now, dict) or not isinstance(then, dict):
        return [] if now == then else [(name, then, now)]
    names = [*now, *(key for key in then if key not in now)]
    found = [differences(now.get(key), then.get(key), key) for key in names]
    return [difference for part in found for difference in part]


def _silent(_: str) -> None:
    """What is said once is not said again."""
