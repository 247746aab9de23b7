"""The models that are served, each read again when its folder is replaced."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from bothways.artifact import CARD, SPEC, WEIGHTS
from bothways.errors import ArgumentError, ArtifactError, BothwaysError, listed
from bothways.runtime import Model, load
from bothways.serving._answers import Refused
from bothways.serving._schemas import ModelCard

log = logging.getLogger("bothways.serving")

_LONGEST_CARD = 100_000
Signature = tuple[tuple[int, ...], ...]


@dataclass
class Served:
    """A model by its name: the one of now, and the facts of its folder."""

    name: str
    folder: str
    model: Model
    signature: Signature | None
    readme: str | None
    refused: Signature | None = None


@dataclass(frozen=True)
class Models:
    """The served models, by name; the first is meant where a request names none and it is alone.

    Requests hold on to the model that they began with; a new one is for those that come after.
    """

    by_name: dict[str, Served] = field(default_factory=dict)
    read: Callable[[str], Model] = load

    def find(self, name: str | None) -> Served:
        """The model that a request names. Raises `Refused` (404)."""
        if name is None:
            if len(self.by_name) == 1:
                return next(iter(self.by_name.values()))
            raise Refused(404, f"name a model: this service has {listed(self.by_name)}")
        try:
            return self.by_name[name]
        except KeyError:
            raise Refused(
                404, f"there is no model {name[:80]!r}: this service has {listed(self.by_name)}"
            ) from None

    async def refresh(self, told: Callable[[str, bool], Any] = lambda name, good: None) -> None:
        """Read each model again whose folder has changed since; the old one stays if it cannot be.

        `told(name, good)` hears how each reading went. What is refused is read again when it
        changes further, such as when a copy is complete.
        """
        for served in self.by_name.values():
            now = signature(served.folder)
            if now is None or now in (served.signature, served.refused):
                continue  # a folder that is gone leaves the model that was read
            try:
                served.model = await asyncio.to_thread(self.read, served.folder)
            except BothwaysError as error:
                served.refused = now
                log.error("%s: the old model stays: %s", served.name, error)
                told(served.name, False)
            else:
                served.signature, served.refused = now, None
                served.readme = readme(served.folder)
                log.warning("%s: read again from %s", served.name, served.folder)
                told(served.name, True)


def open_models(arguments: Iterable[str], *, precision: str = "f32") -> Models:
    """Load each of `FOLDER` or `NAME=FOLDER`; the name of a folder is its last part.

    Raises `ArgumentError` for two of one name, `ArtifactError` for what is no model.
    """
    models = Models(read=partial(load, precision=precision))  # type: ignore[arg-type]
    for argument in arguments:
        name, folder = _named(argument)
        if name in models.by_name:
            raise ArgumentError(
                f"two models are named {name!r}: give one another name, as in other={folder}"
            )
        found = signature(folder)  # before it is read: a change meanwhile is seen
        model = models.read(folder)
        models.by_name[name] = Served(name, folder, model, found, readme(folder))
    if not models.by_name:
        raise ArgumentError("got no model, expected one or more folders to serve")
    return models


def _named(argument: str) -> tuple[str, str]:
    name, given, folder = argument.partition("=")
    if not given or os.path.isdir(argument):
        folder = argument
        name = os.path.basename(os.path.realpath(argument))
    if not name or not name.isprintable():
        raise ArgumentError(f"got {name!r} as the name of the model {folder}, expected a word")
    if not folder:
        raise ArtifactError(f"got {argument!r}, expected a folder behind the =")
    return name, folder


def signature(folder: str) -> Signature | None:
    """What tells one state of a folder from another; None where there is no model."""
    try:
        files = [os.stat(os.path.join(folder, name)) for name in (SPEC, WEIGHTS)]
    except (OSError, ValueError):
        return None
    return tuple((s.st_dev, s.st_ino, s.st_mtime_ns, s.st_size) for s in files)


def readme(folder: str) -> str | None:
    """The card of a model folder for people; None where it has none that can be read."""
    try:
        with open(os.path.join(folder, CARD), encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST_CARD)
    except OSError:
        return None


def model_card(served: Served) -> ModelCard:
    """What a served model is."""
    spec = served.model.spec
    facts = asdict(spec.network) | {"directions": spec.network.directions}
    return ModelCard(
        name=served.name,
        task=spec.task,
        labels=served.model.labels,
        vocabulary=len(spec.vectorizer.vocabulary),
        longest_text=spec.vectorizer.output_sequence_length,
        network=facts,
        training=spec.training,
        quality=spec.quality,
        thresholds=spec.thresholds,
        format=spec.format_version,
        made_by=f"Bothways {spec.bothways_version}",
        card=served.readme,
    )
