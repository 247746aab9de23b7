"""Texts in blocks on disk come as those in memory do, in bounded pieces."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from bothways import TextVectorizer
from bothways.corpus import Blocks, _encode, open_corpus
from bothways.estimators import _blockwise
from bothways.estimators._blockwise import Blockwise
from bothways.estimators._fit import spec_of
from bothways.training import preset
from corpus.shards import plan_of, write_shards

RECIPE = replace(preset("fast"), batch_size=4, bucket=3)
N = 103


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Text `n` has `n` words and label `n % 3`, some ten of them in a block."""
    monkeypatch.setattr(_encode, "BLOCK", 4 * 400)
    monkeypatch.setattr(_blockwise, "BUFFER", 4 * 1800)
    texts = [" ".join(["w"] * n) for n in range(N)]
    folder = write_shards(tmp_path / "s", texts, [str(n % 3) for n in range(N)])
    with open_corpus(
        plan_of(folder, choose=None), str(tmp_path / "c"), memory=1, threads=1, tell=id
    ) as corpus:
        assert len(corpus.blocks["train"].rows) > 10
        yield source_of(corpus.blocks["train"], ("0", "1", "2"))


def source_of(blocks, labels, **changes):
    spec = spec_of(RECIPE, TextVectorizer(vocabulary=["w"]), labels, False)
    how = {"spec": spec, "of_classes": None, "own_weights": False, "scale": 1.0, "seed": 0}
    return Blockwise(blocks, **how | changes)


def lengths(examples):
    """Which texts: their number is their length."""
    return examples.ids.lengths.tolist()


def epoch(source, seed=5, skip=0, recipe=RECIPE):
    return list(source.batches(recipe, np.random.default_rng(seed), skip=skip))


@pytest.mark.parametrize("bucket", [None, 3])
@pytest.mark.parametrize("batch_size", [1, 4, 7, 200])
def test_every_text_comes_once_in_whole_batches(source, batch_size, bucket):
    found = epoch(source, recipe=replace(RECIPE, batch_size=batch_size, bucket=bucket))
    assert sorted(n for part in found for n in lengths(part)) == list(range(N))
    sizes = sorted((part.texts for part in found), reverse=True)
    assert set(sizes[:-1]) <= {batch_size} and len(sizes) == -(-N // batch_size)
    for part in found:
        assert part.labels.tolist() == [n % 3 for n in lengths(part)]
        assert part.weights is None and (part.ids.values == 2).all()


def test_the_order_is_a_matter_of_the_generator(source):
    one, same, other = epoch(source), epoch(source), epoch(source, seed=6)
    assert list(map(lengths, one)) == list(map(lengths, same)) != list(map(lengths, other))
    alone = epoch(replace(source, ahead=False))
    assert list(map(lengths, one)) == list(map(lengths, alone))


def test_texts_of_all_shards_are_mixed(source):
    first = [n for part in islice(epoch(source), 5) for n in lengths(part)]
    assert len({n // 20 for n in first}) >= 3


def test_a_batch_has_texts_of_similar_length(source):
    spread = np.mean([np.ptp(lengths(part)) for part in epoch(source)])
    loose = np.mean(
        [np.ptp(lengths(p)) for p in epoch(source, recipe=replace(RECIPE, bucket=None))]
    )
    assert spread < loose / 2


@pytest.mark.parametrize("skip", [0, 1, 9, 25, 26, 40])
def test_what_is_skipped_is_not_read(source, monkeypatch, skip):
    everything = list(map(lengths, epoch(source)))
    read: list[int] = []
    real = Blocks.read
    monkeypatch.setattr(Blocks, "read", lambda s, b, *a: read.append(b) or real(s, b, *a))
    rng, whole = np.random.default_rng(5), np.random.default_rng(5)
    found = source.batches(RECIPE, rng, skip=skip)
    assert list(map(lengths, found)) == everything[skip:]
    list(source.batches(RECIPE, whole, skip=0))
    assert rng.bit_generator.state == whole.bit_generator.state
    if skip >= 25:
        assert len(read) - len(source.blocks.rows) < len(source.blocks.rows)


def test_a_generator_is_where_it_will_be_once_the_first_batch_is_there(source):
    begun, whole = np.random.default_rng(5), np.random.default_rng(5)
    next(source.batches(RECIPE, begun, skip=3))
    list(source.batches(RECIPE, whole, skip=0))
    assert begun.bit_generator.state == whole.bit_generator.state


def test_a_buffer_is_bounded(source, monkeypatch):
    sizes = []
    real = Blockwise._buffer
    monkeypatch.setattr(
        Blockwise, "_buffer", lambda s, spans: sizes.append(r := real(s, spans)) or r
    )
    epoch(source)
    tokens = [len(rows.ids.values) for rows in sizes]
    assert len(sizes) >= 3
    # One block more than the buffer, at most.
    assert max(tokens) * 4 <= 4 * 1800 + source.blocks.tokens.max() * 4
    assert all(len(rows.ids) % 4 == 0 for rows in sizes[:-1])


def test_pieces_and_samples(source):
    assert [n for part in source.pieces() for n in lengths(part)] == list(range(N))
    some = [n for part in source.pieces(20) for n in lengths(part)]
    assert 20 <= len(some) <= 20 + source.blocks.rows.max()
    assert len(some) == len(set(some)) and some == sorted(some)
    other = [n for part in replace(source, seed=9).pieces(20) for n in lengths(part)]
    assert other != some
    ids, codes = source.sample(10**9)
    assert ids.lengths.tolist() == list(range(N)) and codes.tolist() == [n % 3 for n in range(N)]
    ids, codes = source.sample(1000)
    assert 1000 <= len(ids.values) < 1500 and codes.tolist() == [n % 3 for n in ids.lengths]


def test_weights_are_products_and_scaled(source):
    weighted = replace(source, of_classes=np.array([1.0, 2.0, 4.0]), scale=0.5)
    for part in epoch(weighted):
        assert part.weights.tolist() == [2.0 * 2 ** (n % 3) for n in lengths(part)]
        assert part.weights.dtype == np.float32
