"""What a model is, as plain values: enough to rebuild it without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bothways.artifact import _check as check
from bothways.artifact._network import NetworkSpec
from bothways.artifact._storage import STORAGES
from bothways.errors import ArtifactError

FORMAT_VERSION = 3
"""The newest version of the folder's format that this program reads and writes.

A model is written in the oldest version that can hold it, so that older programs read what
they can compute and refuse, naming the version, what they cannot.
"""

ADDED: dict[int, dict[str, dict[str, Any]]] = {
    2: {"network": {"layers": 1, "input_dropout": 0.0, "layer_dropout": 0.0}},
    3: {
        "": {"storage": "f32", "temperature": 1.0, "thresholds": {}},
        "vectorizer": {"truncate": "head"},
        "network": {
            "word_dropout": 0.0,
            "multilabel": False,
            "lower_layers": (),
            "zero_under": 0,
            "lookahead": None,
        },
    },
}
"""What each version added to which part (`""`: to the spec itself), and what the absence of a
field means in the versions before."""

ADDED_VALUES: dict[int, dict[str, dict[str, tuple[Any, ...]]]] = {
    3: {"vectorizer": {"standardize": ("lower_and_split_at_punctuation",)}},
}
"""What each version added to the values that a field of a version before may have."""

TASKS = ("classification", "multilabel")
"""One label for each text, or any number of them."""

# A text id is an int32, and so is a place in a text.
_MOST_TOKENS = 2**31 - 1


def added_after(version: int) -> dict[str, dict[str, Any]]:
    """The fields of each part that a file of `version` does not have, and what that means."""
    fields: dict[str, dict[str, Any]] = {}
    for later in range(version + 1, FORMAT_VERSION + 1):
        for part, added in ADDED[later].items():
            fields.setdefault(part, {}).update(added)
    return fields


@dataclass(frozen=True)
class VectorizerSpec:
    """How a text becomes ids: the options of `bothways.TextVectorizer`, and its vocabulary.

    `vocabulary`, `V` strings, holds the padding token `""` at 0 and `"[UNK]"` at 1.
    `truncate` is what is kept of texts longer than `output_sequence_length`: the head, the tail,
    or both ends, without the middle. `unicode` is false where letters and punctuation are ASCII's
    alone.

    Raises `ArtifactError` naming the field that is not as it should be.
    """

    max_tokens: int | None
    standardize: str | None
    split: str
    output_sequence_length: int | None
    unicode: bool
    vocabulary: tuple[str, ...]
    truncate: str = "head"

    def __post_init__(self) -> None:
        if self.max_tokens is not None:
            check.whole("vectorizer.max_tokens", self.max_tokens, 2, _MOST_TOKENS)
        standards = (
            *("lower_and_strip_punctuation", "lower_and_split_at_punctuation", "lower"),
            *("strip_punctuation", None),
        )
        check.choice("vectorizer.standardize", self.standardize, standards)
        check.choice("vectorizer.split", self.split, ("whitespace", "character"))
        if self.output_sequence_length is not None:
            key = "vectorizer.output_sequence_length"
            check.whole(key, self.output_sequence_length, 1, _MOST_TOKENS)
        check.choice("vectorizer.truncate", self.truncate, ("head", "tail", "middle"))
        if self.truncate != "head" and self.output_sequence_length is None:
            expected = "'head' without vectorizer.output_sequence_length"
            check.refuse("vectorizer.truncate", self.truncate, expected)
        check.flag("vectorizer.unicode", self.unicode)
        vocabulary = check.strings("vectorizer.vocabulary", self.vocabulary)
        if vocabulary[:2] != ("", "[UNK]"):
            got = list(vocabulary[:2])
            check.refuse("vectorizer.vocabulary", got, "'' and '[UNK]' at its beginning")
        if self.max_tokens is not None and len(vocabulary) > self.max_tokens:
            expected = f"at least {len(vocabulary)}, the size of the vocabulary"
            check.refuse("vectorizer.max_tokens", self.max_tokens, expected)
        object.__setattr__(self, "vocabulary", vocabulary)


def _this_version() -> str:
    import bothways

    return bothways.__version__


@dataclass(frozen=True)
class Spec:
    """Everything about a model but its weights.

    `labels`, `C` distinct strings, in the order of the scores. `training` and `quality` hold
    facts for people and programs that read the folder (preset, seed, rows; accuracy): JSON
    values, copied, tuples as lists. `storage` says how the numbers of the tensors are written:
    `"f32"` as they are, `"int8"` in 8 bits with scales; who loads them gets float32.
    Scores are divided by `temperature` before the sigmoid or softmax (Guo et al. 2017).
    `thresholds` is empty, or has one label and the probability, above 0, from which on a text gets
    it; a text that does not gets the most probable of the others. Where a text may have several,
    any label may have one, and the others have one half.

    Raises `ArtifactError` naming the field that is not as it should be.
    """

    task: str
    labels: tuple[str, ...]
    vectorizer: VectorizerSpec
    network: NetworkSpec
    training: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    bothways_version: str = field(default_factory=_this_version)
    storage: str = "f32"
    temperature: float = 1.0
    thresholds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check.choice("task", self.task, TASKS)
        check.choice("storage", self.storage, STORAGES)
        temperature = check.positive("temperature", self.temperature)
        object.__setattr__(self, "temperature", temperature)
        object.__setattr__(self, "labels", check.strings("labels", self.labels))
        if len(self.labels) < 2:
            check.refuse("labels", list(self.labels), "two or more")
        for key, value, kind in (
            ("vectorizer", self.vectorizer, VectorizerSpec),
            ("network", self.network, NetworkSpec),
        ):
            if not isinstance(value, kind):
                check.refuse(key, value, f"a {kind.__name__}")
        self._check_thresholds()
        multilabel = self.task == "multilabel"
        if self.network.multilabel != multilabel:
            expected = f"{str(multilabel).lower()}, for the task {self.task!r}"
            check.refuse("network.multilabel", self.network.multilabel, expected)
        outputs, classes = self.network.outputs, len(self.labels)
        one = classes == 2 and not multilabel
        if outputs != classes and not (outputs == 1 and one):
            expected = f"{'1 or ' if one else ''}{classes}, for {classes} labels"
            check.refuse("network.outputs", outputs, expected)
        if not self.network.mask and self.vectorizer.output_sequence_length is None:
            raise ArtifactError(
                "network.mask is False, which pads texts and therefore "
                "expects vectorizer.output_sequence_length"
            )
        for key in ("training", "quality"):
            object.__setattr__(self, key, check.facts(key, getattr(self, key)))
        object.__setattr__(
            self, "bothways_version", check.string("bothways_version", self.bothways_version)
        )

    def _check_thresholds(self) -> None:
        thresholds = check.facts("thresholds", self.thresholds)
        most = 1 if self.task == "classification" else len(self.labels)
        if len(thresholds) > most:
            check.refuse("thresholds", thresholds, f"at most {most}, for the task {self.task!r}")
        for name, value in thresholds.items():
            if name not in self.labels:
                check.refuse("a key of thresholds", name, "one of the labels")
            if check.positive(f"thresholds.{name}", value) > 1:
                check.refuse(f"thresholds.{name}", value, "a number above 0 and at most 1")
            thresholds[name] = float(value)
        object.__setattr__(self, "thresholds", thresholds)

    @property
    def format_version(self) -> int:
        """The oldest version of the format that can hold this model."""
        for version in sorted(ADDED, reverse=True):
            for part, added in ADDED[version].items():
                holder = getattr(self, part) if part else self
                if any(getattr(holder, name) != value for name, value in added.items()):
                    return version
            for part, values in ADDED_VALUES.get(version, {}).items():
                holder = getattr(self, part)
                if any(getattr(holder, name) in new for name, new in values.items()):
                    return version
        return 1

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every tensor of this model, all float32."""
        return self.network.tensor_shapes(len(self.vectorizer.vocabulary))
