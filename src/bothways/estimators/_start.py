"""A model that training goes on from, with data that may have other words and labels."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import artifact
from bothways.errors import ArgumentError, DataError
from bothways.estimators._targets import Targets
from bothways.text import TextVectorizer
from bothways.training import Preset, check_trainable, network_of, parse_preset

Tensors = dict[str, NDArray[np.float32]]


class Start(NamedTuple):
    """The model in the folder `source`."""

    source: str
    spec: artifact.Spec
    tensors: Tensors

    @property
    def recipe(self) -> Preset:
        """That of the model's training. Raises `ArgumentError` if it states none."""
        recipe = self.spec.training.get("recipe")
        if not isinstance(recipe, dict):
            raise ArgumentError(f"{self.source}: the model states no recipe; give a preset")
        # Those written before recipes named the rule for words are of any rule.
        recipe = recipe | {"standardize": self.spec.vectorizer.standardize}
        return parse_preset(json.dumps(recipe).encode(), f"{self.source}: its recipe")

    def check(self, recipe: Preset) -> None:
        """Raise `ArgumentError` unless the recipe's network is the model's, dropout aside, and its
        words are found by the same rule."""
        own = self.spec.network
        try:
            check_trainable(own)
        except ArgumentError as error:
            raise ArgumentError(f"{self.source}: {error}") from None
        wanted = network_of(recipe, outputs=own.outputs, multilabel=own.multilabel)
        fields = [(name, value, getattr(wanted, name)) for name, value in vars(own).items()]
        fields.append(("standardize", self.spec.vectorizer.standardize, recipe.standardize))
        for name, value, other in fields:
            if value != other and not name.endswith("dropout"):
                raise ArgumentError(
                    f"{self.source}: the model has {name} {value!r}, and the preset "
                    f"{recipe.name!r} has {other!r}; they must be the same"
                )

    def check_several(self, several: bool) -> None:
        """Raise `ArgumentError` unless the data has as many labels a text as the model gives."""
        own = self.spec.network.multilabel
        if several != own:
            words = ("one label", "several labels")
            raise ArgumentError(
                f"{self.source}: the model gives a text {words[own]}, and the data "
                f"has {words[several]} a text"
            )

    def labels(self, targets: Targets) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The labels of the model and of the data, sorted, and the places of the data's in them.

        Raises `DataError` if a label of the model cannot be of the type that the data's are.
        """
        mine, kind = targets.classes, targets.classes.dtype.kind
        rest: list[Any] = [name for name in self.spec.labels if name not in targets.names]
        try:
            if kind in "iu":
                rest = [int(name) for name in rest]
            elif kind == "b":
                rest = [{"False": False, "True": True}[name] for name in rest]
        except (KeyError, ValueError):
            raise DataError(
                f"{self.source}: the model has the label {rest[0]!r}, and those of the data are "
                f"{mine.dtype.name}s; give them as strings"
            ) from None
        classes = np.unique(np.concatenate([mine, np.array(rest, None if rest else mine.dtype)]))
        return classes, np.searchsorted(classes, mine)

    def vectorizer(self, recipe: Preset, texts: list[str]) -> TextVectorizer:
        """The model's, with the commonest new words of `texts`, as far as the recipe has room."""
        config, known = self.rules(recipe)
        counted = TextVectorizer.from_config(config | {"max_tokens": None}).adapt(texts)
        there = set(known)
        new = [word for word in counted.get_vocabulary() if word not in there]
        return TextVectorizer.from_config(config, [*known, *new][: config["max_tokens"]])

    def rules(self, recipe: Preset) -> tuple[dict[str, Any], list[str]]:
        """The configuration of that vectorizer, and the words that the model knows."""
        config = dataclasses.asdict(self.spec.vectorizer)
        known = list(config.pop("vocabulary"))
        limit = recipe.max_tokens
        config |= {
            "output_sequence_length": recipe.length,
            "truncate": recipe.truncate,
            "max_tokens": None if limit is None else max(limit, len(known)),
        }
        return config, known

    def place(self, labels: list[str], first: Tensors) -> None:
        """Put the model's weights into the `first` ones of the larger network, which stay for
        new words and labels. Old labels keep their scores, so their odds stay what they were.
        """
        for name, weights in self.tensors.items():
            if name == artifact.TABLE:
                # New rows as widely spread as the old ones, or a layer would hardly hear them.
                first[name] *= np.float32(weights.std() / first[name].std())
                first[name][: len(weights)] = weights
            elif not name.startswith("dense."):
                first[name][...] = weights
        for name in ("dense.kernel", "dense.bias"):
            # The model's temperature goes into its scores: what is trained has one of its own.
            old = self._scores(self.tensors[name] / np.float32(self.spec.temperature))
            if first[name].shape[-1] == len(labels):
                for n, label in enumerate(labels):
                    first[name][..., n] = old.get(label, first[name][..., n])
            else:  # a sigmoid of the second label: its score over the first one's
                first[name][..., 0] = old[labels[1]] - old[labels[0]]

    def facts(self, labels: list[str], data: list[str], vectorizer: TextVectorizer) -> dict:
        """What is new, for the spec and for people."""
        old = self.spec.labels
        return {
            "started_from": {
                "source": self.source,
                "words": len(self.spec.vectorizer.vocabulary) - 2,
                "new_words": vectorizer.vocabulary_size - len(self.spec.vectorizer.vocabulary),
                "new_labels": [name for name in labels if name not in old],
                "labels_without_texts": [name for name in old if name not in data],
            }
        }

    def _scores(self, weights: NDArray[np.float32]) -> Mapping[Any, NDArray[np.float32]]:
        """The weights of each label's score; of a sigmoid the first label's are zero."""
        columns = np.moveaxis(weights, -1, 0)
        if len(columns) == 1 and len(self.spec.labels) == 2:
            columns = np.stack([np.zeros_like(columns[0]), columns[0]])
        return dict(zip(self.spec.labels, columns, strict=True))


def start_of(estimator: Any) -> Start | None:
    """The model that the estimator starts from, if any. Raises `ArtifactError`."""
    source = estimator.start_from
    if source is None:
        return None
    if not isinstance(source, (str, PathLike)):
        raise ArgumentError(f"start_from must be the path of a model folder, got {source!r}")
    if estimator.vectors is not None:
        raise ArgumentError("the embedding begins with word vectors or with those of a model; "
                            "give vectors or start_from")  # fmt: skip
    return Start(fspath(source), *artifact.load(source))


def recoded(codes: NDArray[Any], places: NDArray[np.int64], classes: int) -> NDArray[Any]:
    """Codes into some labels as codes into more: those at `places` among `classes`."""
    if codes.ndim == 1:
        return places[codes]
    wide = np.zeros((len(codes), classes), codes.dtype)
    wide[:, places] = codes
    return wide
