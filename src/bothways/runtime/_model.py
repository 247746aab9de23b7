"""A model that predicts: texts in, labels and probabilities out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fsdecode
from os.path import abspath

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, artifact
from bothways.artifact import Spec
from bothways.kernels import Precision, default_threads, precision_used
from bothways.runtime._decide import UNSURE, decide, refuse_several
from bothways.runtime._explain import Explanation, explain
from bothways.runtime._hub import fetched, push
from bothways.runtime._multilabel import names_of, present
from bothways.runtime._network import Network
from bothways.runtime._prefixes import Prefixes, read_prefixes
from bothways.text import TextVectorizer, Truncation


class Model:
    """A trained classifier, on NumPy and the kernels alone.

    `spec` says what it is, `labels` are its `C` labels in the order of the probabilities, and
    `folder` is where it was loaded from, or None. `fingerprint`, 16 hexadecimal digits, changes
    with any byte of the spec and the weights in that folder.

    >>> model = bothways.load("my-model")                               # doctest: +SKIP
    >>> model.predict(["A film to fall asleep in."])                    # doctest: +SKIP
    ['neg']

    `precision="bf16"` rounds the factors of its products to bfloat16, which is faster where
    the CPU has instructions for it, and changes probabilities a little; the card of a model
    that was trained so says by how much.
    """

    def __init__(
        self,
        spec: Spec,
        tensors: Mapping[str, NDArray[np.float32]],
        *,
        precision: Precision = "f32",
    ) -> None:
        self.spec = spec
        self.folder: str | None = None
        self.fingerprint: str | None = None
        self.labels = list(spec.labels)
        self.network = Network(
            spec.network, tensors, precision=precision, temperature=spec.temperature
        )
        v = spec.vectorizer
        self.vectorizer = TextVectorizer(
            max_tokens=v.max_tokens,
            standardize=v.standardize,
            split=v.split,
            output_sequence_length=v.output_sequence_length,
            truncate=v.truncate,
            unicode=v.unicode,
            vocabulary=list(v.vocabulary),
        )

    @classmethod
    def load(cls, folder: str | PathLike[str], *, precision: Precision = "f32") -> Model:
        """Read a model folder. Raises `ArtifactError` if any byte of it is not as written, and
        `ArgumentError` for another precision than `"f32"` and `"bf16"`."""
        precision_used(precision)
        spec, tensors, fingerprint = artifact.load_with_fingerprint(folder)
        model = cls(spec, tensors, precision=precision)
        model.folder, model.fingerprint = abspath(fsdecode(folder)), fingerprint
        return model

    @classmethod
    def from_pretrained(
        cls,
        name: str | PathLike[str],
        *,
        revision: str | None = None,
        cache_dir: str | PathLike[str] | None = None,
        token: str | bool | None = None,
        precision: Precision = "f32",
    ) -> Model:
        """The model of a folder, or, where there is none of that `name`, of the Hugging Face Hub.

        On the hub `name` is `"owner/repository"` and `revision` a branch, tag or commit. Needs
        the extra `hub`, which a folder does not. `cache_dir` and `token` are huggingface_hub's.

        Raises `ArtifactError` if the hub does not give it or a byte is not as written,
        `ArgumentError` for a revision of a folder, and `MissingExtraError`.
        """
        return cls.load(fetched(name, revision, cache_dir, token), precision=precision)

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool | None = None,
        revision: str | None = None,
        commit_message: str = "Upload model",
        token: str | bool | None = None,
    ) -> str:
        """Upload the folder that this model was loaded from to the Hugging Face Hub, where
        `from_pretrained` finds it; the address of the commit.

        The repository is made if there is none; the card is its page. Needs the extra `hub`.
        Raises `ArgumentError` for a model that was not loaded, `ArtifactError` if its folder
        is not as it was or the hub refuses, and `MissingExtraError`.
        """
        return push(
            *(self.folder, self.spec, repo_id),
            private=private,
            revision=revision,
            commit_message=commit_message,
            token=token,
        )

    def encode(
        self, texts: Sequence[str], *, threads: int | None = None
    ) -> tuple[Ragged, Truncation]:
        """Texts as the network reads them, and what the length limit cut off."""
        encoded = self.vectorizer.encode(texts, threads=threads or default_threads())
        return as_read(encoded.ids, self.spec), encoded.truncation

    def predict_proba(
        self, texts: Sequence[str], *, threads: int | None = None
    ) -> NDArray[np.float32]:
        """The probability of each label, `(N, C)`.

        A text's row has the same bits whatever texts are beside it and on any number of
        `threads` (all cores by default). Raises `DataError` for an item that is not a string.
        """
        return self.network.probabilities(self.encode(texts, threads=threads)[0], threads=threads)

    def predict(
        self,
        texts: Sequence[str],
        *,
        threads: int | None = None,
        reject_below: float | None = None,
    ) -> list[str] | list[str | None] | list[list[str]]:
        """The label of each text, `N` strings: the most probable one, unless the model has a
        threshold for one (`bothways.artifact.Spec`). Where a text may have several
        labels, `N` lists of those with a probability of at least one half, or of their threshold
        if they have one; empty ones too.

        With `reject_below` it is None for a text whose label is less probable than that.
        Raises `ArgumentError` if it is not from 0 to 1, or a text may have several labels.
        """
        refuse_several(self.spec.network.multilabel, reject_below)
        probabilities = self.predict_proba(texts, threads=threads)
        if self.spec.network.multilabel:
            return [names_of(self.labels, row) for row in present(probabilities, self.spec)]
        answers = decide(probabilities, self.spec, reject_below).answers.tolist()
        return [None if c == UNSURE else self.labels[c] for c in answers]

    def explain(
        self,
        text: str,
        label: str | None = None,
        *,
        padded: int | None = None,
        threads: int | None = None,
    ) -> Explanation:
        """What each token of `text` contributed to the score of `label` (None: the label that
        `predict` gives, and of several the most probable), by way of each reader.

        The text is compared with one of as many words without meaning, and the whole difference of
        their scores is handed back from operation to operation, by finite differences in the
        place of derivatives (DeepLIFT: Shrikumar et al. 2017), so that the contributions and
        `base` sum to the score: within 1e-4, plus a millionth of the sum of their sizes. With
        `precision="bf16"` they are those of the model in float32. The readers are those of the
        first layer: those of layers above it have both below them. How true they are
        beside other methods, and words without meaning: docs/explain.md.

        It costs two readings of the text and a way back through NumPy, some 13 microseconds a
        token and layer. With `padded` the text is read with as many zeros after it as make so
        many tokens, as by a network without a mask.

        Raises `ArgumentError` for a label that the model does not have, and for what is not one
        text.
        """
        return explain(self, text, label, padded=padded, threads=threads)

    def prefixes(
        self,
        text: str,
        *,
        padded: int | None = None,
        points: int | None = None,
        threads: int | None = None,
    ) -> Prefixes:
        """The probability of each label after each token of `text`, as if it ended there.

        Every beginning of the text is read anew, in both directions, and has the bits that
        `predict_proba` gives it: `T * T / 2` steps, for 600 tokens some 25 milliseconds. With
        `padded` each is read with zeros after it up to so many tokens, as by a network
        without a mask, which then takes `T * padded` steps. With `points` there are at most so
        many beginnings, evenly spread. Raises as `explain`, and `ArgumentError` for fewer
        than two points.
        """
        return read_prefixes(self, text, padded=padded, points=points, threads=threads)


def as_read(ids: Ragged, spec: Spec) -> Ragged:
    """Ids as the network reads them: as they are, or, unmasked, filled up with zeros."""
    length = spec.vectorizer.output_sequence_length
    return ids if spec.network.mask or length is None else ids.fill(length)


def load(folder: str | PathLike[str], *, precision: Precision = "f32") -> Model:
    """Read a model folder; the same as `Model.load`."""
    return Model.load(folder, precision=precision)
