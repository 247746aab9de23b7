"""Texts that lie in blocks on disk, as the training reads them: never many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.artifact import Spec
from bothways.corpus import BLOCK, ROW, Blocks, Rows
from bothways.data import batches
from bothways.estimators._targets import Codes
from bothways.estimators._weights import Weights, weighed
from bothways.runtime import as_read
from bothways.training import Examples, Preset

BUFFER = 64 * BLOCK
"""Bytes of texts that are shuffled together. The order depends on it, so it is no option."""

Spans = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Blockwise:
    """A `Source` and a `HeldOut`: the texts of `blocks`, as a network of `spec` reads them.

    A text's weight is its own times `of_classes (C,)` of its label, divided by `scale`; None
    where texts have none and there are no `of_classes`. With `ahead` the next buffer is read
    while this one is trained on; the result is the same. `seed` decides which blocks are some.
    """

    blocks: Blocks
    spec: Spec
    of_classes: Weights | None
    own_weights: bool
    scale: float
    seed: int
    ahead: bool = True

    @property
    def texts(self) -> int:
        return self.blocks.texts

    @property
    def weighted(self) -> bool:
        return self.own_weights or self.of_classes is not None

    def batches(self, recipe: Preset, rng: np.random.Generator, *, skip: int) -> Iterator[Examples]:
        """Blocks in random order make buffers, whose texts are shuffled, and bucketed, as those
        of `Examples` are; what is skipped is not read."""
        order = np.random.default_rng(rng.integers(2**63))
        buffers = []
        for spans in self._buffers(order.permutation(len(self.blocks.rows)), recipe.batch_size):
            own = order.spawn(1)[0]
            count = -(-sum(stop - start for _, start, stop in spans) // recipe.batch_size)
            if skip < count:
                buffers.append((spans, own, skip))
            skip = max(0, skip - count)
        for rows, (_, own, skipped) in zip(self._read(buffers), buffers, strict=True):
            lengths = rows.ids.lengths
            found = batches(lengths, recipe.batch_size, rng=own, bucket=recipe.bucket)
            for indices in islice(found, skipped, None):
                yield self._examples(rows.take(indices))

    def pieces(self, most: int | None = None) -> Iterator[Examples]:
        """Block by block; with `most`, blocks that are chosen at random."""
        return (self._examples(self.blocks.read(n)) for n in self._some(self.blocks.rows, most))

    def sample(self, tokens: int) -> tuple[Ragged, Codes]:
        """Ids and labels of blocks that are chosen at random: about so many tokens, or all."""
        rows = Rows.join(list(map(self.blocks.read, self._some(self.blocks.tokens, tokens))))
        return rows.ids, self._codes(rows)

    def _some(self, sizes: NDArray[np.int64], most: int | None) -> list[int]:
        """Blocks with `most` in all, or just more; all in order if that is all there is."""
        if most is None or sizes.sum() <= most:
            return list(range(len(sizes)))
        order = np.random.default_rng(self.seed).permutation(len(sizes))
        enough = int(np.searchsorted(sizes[order].cumsum(), most)) + 1
        return sorted(order[:enough].tolist())

    def _buffers(self, order: NDArray[np.int64], batch_size: int) -> Iterator[Spans]:
        """The blocks of each buffer and the texts in them, `(block, start, stop)`.

        A buffer holds whole batches, so a block may be in two of them.
        """
        cost = self.blocks.tokens[order] * 4 + self.blocks.rows[order] * ROW
        ends = self.blocks.rows[order].cumsum()
        begun, filled = 0, 0
        spans: Spans = []
        for n, (block, end) in enumerate(zip(order.tolist(), ends.tolist(), strict=True)):
            start, rows = end - int(self.blocks.rows[block]), int(self.blocks.rows[block])
            filled += int(cost[n])
            cut = end - end % batch_size
            if filled < BUFFER or cut <= max(begun, start) or n == len(order) - 1:
                spans.append((block, 0, rows))
                continue
            yield [*spans, (block, 0, cut - start)]
            spans, begun, filled = [(block, cut - start, rows)] * (cut < end), cut, 0
        if spans:
            yield spans

    def _read(self, buffers: list) -> Iterator[Rows]:
        if not self.ahead:
            yield from (self._buffer(spans) for spans, *_ in buffers)
            return
        with ThreadPoolExecutor(1) as reader:
            coming = [reader.submit(self._buffer, spans) for spans, *_ in buffers[:1]]
            for n in range(1, len(buffers) + 1):
                rows = coming.pop().result()
                if n < len(buffers):
                    coming.append(reader.submit(self._buffer, buffers[n][0]))
                yield rows
                del rows

    def _buffer(self, spans: Spans) -> Rows:
        return Rows.join([self.blocks.read(*span) for span in spans])

    def _examples(self, rows: Rows) -> Examples:
        codes = self._codes(rows)
        own = None if rows.weights is None else rows.weights.astype(np.float64)
        weights = weighed(own, self.of_classes, codes)
        scaled = None if weights is None else (weights / self.scale).astype(np.float32)
        return Examples(as_read(rows.ids, self.spec), codes, scaled)

    def _codes(self, rows: Rows) -> Codes:
        if not isinstance(rows.labels, Ragged):
            return rows.labels.astype(np.int64)
        codes = np.zeros((len(rows.labels), len(self.spec.labels)), np.bool_)
        codes[np.repeat(np.arange(len(codes)), rows.labels.lengths), rows.labels.values] = True
        return codes


def unweighted(source: Blockwise) -> Blockwise:
    """Without the weights of labels."""
    return replace(source, of_classes=None)
