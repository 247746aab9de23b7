"""Stream: answers while a text comes in."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError
from bothways.runtime._lookahead import look_back
from bothways.runtime._model import Model
from bothways.runtime._online import Carry, answers, begin, read_on
from bothways.runtime._prefixes import prefix_probabilities
from bothways.runtime._stream_state import pack, unpack
from bothways.text import whole_words

Floats = NDArray[np.float32]


class Answers(NamedTuple):
    """The `n` tokens that were answered for, and the probabilities `(n, C)` after each."""

    tokens: tuple[str, ...]
    probabilities: Floats


class Stream:
    """One text that comes in piece by piece, with an answer after every token.

    A model that reads forward gives exact answers: after each token what `Model.predict_proba`
    gives of the text so far, in time and memory that do not depend on how much there was.
    A model of two directions cannot, as its reader from the right begins at the end, and is
    refused, unless it is said what to do instead:

    - `reading="prefix"`: after each token the text so far is read again, both ways. Exact too, in
      time and memory that grow with the text; for any model.
    - `lookahead=k`: an answer comes `k` tokens late, and the reader from the right begins at
      the token that came last: what it knows of a word is the `k` words after it (as the
      latency-controlled BLSTM's, Zhang et al. 2016). The states at the words answered for are
      pooled as in the model, of `pooling="last"` the newest one is taken. Constant time and memory;
      not the answers of the whole text, with which the model was trained, but for a maximum or
      mean over time they come near them as `k` grows. For one layer in two directions.

    A model that was trained with a `lookahead` is read with it, and with no other: its last answer
    is then that of `predict`.

    >>> stream = bothways.Stream(model)                                 # doctest: +SKIP
    >>> stream.push("A film to fall as")                                # doctest: +SKIP
    >>> stream.push("leep in.").probabilities                           # doctest: +SKIP
    >>> stream.end().probabilities                                      # doctest: +SKIP

    Of a text longer than the model's length the tokens behind it are not read, and have no
    answers; with `reading="prefix"` each has the answer that the model gives of the text so far.

    Raises `ArgumentError` for a reading that the model cannot do.
    """

    def __init__(
        self,
        model: Model,
        *,
        reading: Literal["forward", "prefix"] = "forward",
        lookahead: int | None = None,
        threads: int | None = None,
    ) -> None:
        check_reading(model, reading, lookahead)
        if reading == "forward" and lookahead is None:
            lookahead = model.spec.network.lookahead
        self.model, self.reading, self.lookahead = model, reading, lookahead
        self._threads = threads
        self._carry: Carry = begin(model.network)
        self._kept = np.zeros(0, np.int32)  # the text so far, or the tokens not answered for yet
        self._late: list[str] = []
        self._word = ""
        self._seen = 0

    def push(self, piece: str) -> Answers:
        """A piece of the text; the answers after each token that is whole now.

        A piece may end within a word, which is kept until white space follows, or punctuation
        where words end at it, or `end`.
        Raises `ArgumentError` for what is no string, `DataError` for one without UTF-8.
        """
        if not isinstance(piece, str):
            raise ArgumentError(f"expected a piece of a text, got {type(piece).__name__}")
        text = self._word + piece
        whole = whole_words(self.model.vectorizer, text)
        found = self._read(text[:whole])
        self._word = text[whole:]
        return found

    def end(self) -> Answers:
        """The text has ended: the answers of its last word, and of those that were late. The
        stream then begins anew, with an empty text."""
        found = self._read(self._word, ended=True)
        self._carry = begin(self.model.network)
        self._kept, self._late, self._word, self._seen = np.zeros(0, np.int32), [], "", 0
        return found

    @property
    def waiting(self) -> str:
        """The beginning of a word whose end has not come yet."""
        return self._word

    def state(self) -> bytes:
        """All that the next answers depend on, but for the model: arrays in the safetensors
        format."""
        return pack(self.model, self._options(), self._carry, self._kept, self._late, self._word,
                    self._seen)  # fmt: skip

    def restore(self, state: bytes) -> Stream:
        """Go on from a `state` of a stream over the same model. Returns self.

        Raises `ArgumentError` for bytes that are none, or of another model or reading; the stream
        then stays as it was.
        """
        found = unpack(self.model, self._options(), state)
        self._carry, self._kept, self._late, self._word, self._seen = found
        return self

    def _options(self) -> str:
        return f"reading={self.reading!r}, lookahead={self.lookahead}"

    def _read(self, text: str, *, ended: bool = False) -> Answers:
        network, vectorizer = self.model.network, self.model.vectorizer
        tokens, ids = vectorizer.tokens(text), vectorizer.encode_whole([text]).values
        if self.reading == "prefix":
            return Answers(tuple(tokens), self._again(ids))
        length = vectorizer.output_sequence_length
        if length is not None:
            room = max(0, length - self._seen)
            tokens, ids = tokens[:room], ids[:room]
        self._seen += len(ids)
        if self.lookahead is None:
            states = read_on(network, self._carry, ids, self._threads)
        else:
            tokens, ids = self._late + tokens, np.concatenate([self._kept, ids])
            ready = len(ids) if ended else max(0, len(ids) - self.lookahead)
            self._late, self._kept = tokens[ready:], ids[ready:]
            tokens = tokens[:ready]
            forward = read_on(network, self._carry, ids[:ready], self._threads)
            backward = look_back(
                *(network.projected, np.array([0, len(ids)]), network.readers[1], self.lookahead),
                index=ids,
                stop=ready,
                precision=network.precision,
                threads=self._threads,
            )
            states = np.hstack([forward, backward])
        return Answers(tuple(tokens), answers(network, self._carry, states, self._threads))

    def _again(self, ids: NDArray[np.int32]) -> Floats:
        """The text so far, read again after each of the new tokens."""
        before = len(self._kept)
        self._kept = np.concatenate([self._kept, ids])
        return prefix_probabilities(
            *(self.model, self._kept, np.arange(before + 1, len(self._kept) + 1)),
            threads=self._threads,
        )


def check_reading(model: Model, reading: str, lookahead: int | None) -> None:
    """Raise `ArgumentError`, which says why, if a `Stream` over the model cannot read so."""
    if reading not in ("forward", "prefix"):
        raise ArgumentError(f"reading must be 'forward' or 'prefix', got {reading!r}")
    network, v = model.spec.network, model.spec.vectorizer
    both = any(layer.bidirectional for layer in network.stack)
    own = network.lookahead
    if lookahead is not None:
        if isinstance(lookahead, bool) or not isinstance(lookahead, int) or lookahead < 0:
            raise ArgumentError(f"lookahead must be a number of tokens from 0, got {lookahead!r}")
        if reading == "prefix":
            raise ArgumentError("reading='prefix' reads the text so far: give no lookahead")
        if network.layers > 1 or not both:
            raise ArgumentError(
                "lookahead is for models of one layer in two directions, and this one has "
                + (f"{network.layers} layers" if network.layers > 1 else "one direction")
            )
        if own is not None and lookahead != own:
            raise ArgumentError(
                f"this model was trained with lookahead={own}, which is what its answers mean: "
                f"give no other, got {lookahead}"
            )
    elif reading == "forward" and both and own is None:
        raise ArgumentError(
            "this model reads in both directions, and its reader from the right begins at the end "
            "of a text, which has not come yet: train one with directions='forward' "
            "(--directions forward), or choose reading='prefix', which reads the text so far again "
            "after each token, or lookahead=k, whose answers come k tokens late"
        )
    if reading == "prefix":
        return
    if not network.mask:
        raise ArgumentError(
            "this model reads zeros behind a text up to its length, so only a text that has ended "
            "can be read: choose reading='prefix'"
        )
    if v.truncate != "head":
        raise ArgumentError(
            f"this model keeps the {v.truncate} of long texts (truncate), which is not known "
            "before they end: choose reading='prefix'"
        )
