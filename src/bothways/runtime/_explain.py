"""Why a text got its score: the share of each token, and of each reader of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.errors import ArgumentError, listed
from bothways.runtime._contributions import contributions
from bothways.runtime._decide import decide
from bothways.runtime._tokens import Tokens, read_tokens

if TYPE_CHECKING:
    from bothways.runtime._model import Model

Floats = NDArray[np.float32]

METHOD = "finite differences (DeepLIFT)"
"""How contributions are found: Shrikumar et al. 2017, with products halved."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """The score of `label` for one text, divided among its `T` tokens as the model reads them.

    `tokens` and their `places`: `text[start:stop]` is what a token was made of. `known` says which
    are words of the vocabulary; all others are one and the same word to the model. `forward (T,)`
    and `backward (T,)` float32 are what each token contributed by way of the reader from the
    left and the one from the right; a model that reads in one direction has zeros for the other.
    `base`, the score of as many words without meaning, and all contributions sum to `logit`,
    the score before the sigmoid or softmax. `probability` is that of `label`, of which there
    need not be a half. `padding` is how many zeros were read after the text.
    """

    text: str
    label: str
    probability: float
    logit: float
    base: float
    tokens: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    known: NDArray[np.bool_]
    forward: Floats
    backward: Floats
    padding: int = 0
    method: str = METHOD

    @property
    def contributions(self) -> Floats:
        """Of both readers together, `(T,)` float32."""
        return self.forward + self.backward

    def document(self) -> dict[str, Any]:
        """All of it but the text as JSON can hold it, a token an object."""
        rows = zip(
            *(self.tokens, self.places, self.known.tolist()),
            *(self.forward.tolist(), self.backward.tolist()),
            strict=True,
        )
        return {
            "label": self.label,
            "probability": self.probability,
            "logit": self.logit,
            "base": self.base,
            "method": self.method,
            "padding": self.padding,
            "tokens": [
                {
                    "token": token,
                    "start": place[0],
                    "stop": place[1],
                    "known": known,
                    "forward": forward,
                    "backward": backward,
                }
                for token, place, known, forward, backward in rows
            ],
        }


def explain(
    model: Model,
    text: str,
    label: str | None = None,
    *,
    padded: int | None = None,
    threads: int | None = None,
) -> Explanation:
    """See `Model.explain`."""
    read = read_tokens(model, text, padded)
    ids = read.ids
    batch = Ragged(ids, np.array([0, len(ids)]))
    features = model.network.features(batch, threads=threads)
    probabilities = model.network.probabilities_of(features, threads=threads)
    place = _place(model, label, probabilities)
    logits = model.network.logits_of(features, threads=threads)[0]
    output, sign = (place, 1) if len(logits) > 1 else (0, 1 if place else -1)
    logit = sign * float(logits[output])
    base, by_reader = logit, np.zeros((0, 1), np.float32)
    if len(read.tokens):
        shares = contributions(
            *(model.network, ids, output, _reference(model, read)), threads=threads
        )
        base, by_reader = sign * shares.base, sign * shares.by_reader[: len(read.tokens)]
    forward, backward = by_reader[:, 0], by_reader[:, 1:].sum(axis=1)
    return Explanation(
        text=text,
        label=model.labels[place],
        probability=float(probabilities[0, place]),
        logit=logit,
        base=base,
        tokens=read.tokens,
        places=read.places,
        known=read.known,
        forward=forward,
        backward=backward,
        padding=read.padding,
    )


def _place(model: Model, label: str | None, probabilities: Floats) -> int:
    """The place of the label to explain: the one asked for, or the answer; of several labels the
    most probable."""
    if label is None:
        if model.spec.network.multilabel:
            return int(probabilities[0].argmax())
        return int(decide(probabilities, model.spec).answers[0])
    if label not in model.labels:
        raise ArgumentError(
            f"the model has no label {label!r}; its labels are {listed(model.labels)}"
        )
    return model.labels.index(label)


def _reference(model: Model, read: Tokens) -> Floats:
    """The projected row of a word without meaning: a vector of zeros, which leaves the bias.
    Where padding is read it is the padding itself, which then contributes nothing."""
    network = model.network
    if read.padding or not model.spec.network.mask:
        return network.projected[0]
    return network.inputs[0][1]
