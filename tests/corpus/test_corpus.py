"""The cache holds what the texts are, whatever it was made with, and is made once."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bothways import TextVectorizer
from bothways.corpus import _encode, _make, _plan, caches, open_corpus
from bothways.errors import CacheError, DataError
from conftest import tiny_corpus
from corpus.shards import plan_of, write_shards

TEXTS, LABELS = tiny_corpus(100)
HELD_OUT = np.array([len(text) % 3 == 0 for text in TEXTS])


def opened(plan, root, tell=lambda _: None, **how):
    return open_corpus(plan, str(root), tell=tell, **{"memory": 10**8, "threads": 2, **how})


def everything(blocks):
    """All texts of a part in order: lists of ids, labels, weights."""
    ids, labels, weights = [], [], []
    for rows in blocks.in_order(range(len(blocks.rows))):
        ids += [rows.ids[n].tolist() for n in range(len(rows.ids))]
        labels += [rows.labels[n].tolist() for n in range(len(rows.ids))]
        weights += [] if rows.weights is None else rows.weights.tolist()
    return ids, labels, weights


@pytest.fixture
def shards(tmp_path):
    return write_shards(tmp_path / "shards", TEXTS, LABELS)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(_encode, "BLOCK", 300)
    monkeypatch.setattr(_plan, "ROWS", 7)


@pytest.mark.parametrize("threads", [1, 3])
def test_it_holds_what_the_vectorizer_gives(shards, tmp_path, small_blocks, threads):
    with opened(plan_of(shards, max_tokens=8), tmp_path / "c", threads=threads) as corpus:
        pass
    learned = [text for text, held in zip(TEXTS, HELD_OUT, strict=True) if not held]
    vectorizer = TextVectorizer(8).adapt(learned)
    assert corpus.vectorizer.get_vocabulary() == vectorizer.get_vocabulary()
    assert corpus.labels == ("neg", "pos")
    for name, wanted in (("train", ~HELD_OUT), ("valid", HELD_OUT)):
        chosen = np.flatnonzero(wanted)
        ids, labels, _ = everything(corpus.blocks[name])
        encoded = vectorizer.transform([TEXTS[n] for n in chosen])
        assert ids == [encoded[n].tolist() for n in range(len(encoded))]
        assert labels == [corpus.labels.index(LABELS[n]) for n in chosen]
        assert corpus.blocks[name].texts == corpus.tallies[name].texts == len(chosen)
        assert corpus.tallies[name].kept == len(encoded.values)
        assert len(corpus.blocks[name].rows) > 3


def test_it_is_the_same_from_any_pieces(shards, tmp_path, monkeypatch):
    monkeypatch.setattr(_encode, "BLOCK", 300)
    found = []
    for rows, memory in ((1, 1), (1024, 10**9)):
        monkeypatch.setattr(_plan, "ROWS", rows)
        with opened(plan_of(shards), tmp_path / str(rows), memory=memory) as corpus:
            found.append((corpus.fingerprint, corpus.blocks["train"].rows.tolist()))
    assert found[0] == found[1]


def test_weights_and_several_labels(tmp_path, small_blocks):
    sets = [["a"], [], ["b", "c"], ["c"]] * 9
    texts = [f"word{n} {'x' * (n % 5)}" for n in range(36)]
    weights = [n / 4 for n in range(36)]
    folder = write_shards(tmp_path / "s", texts, sets, w=weights)
    with opened(plan_of(folder, weight="w", choose=None), tmp_path / "c") as corpus:
        _, labels, found = everything(corpus.blocks["train"])
    assert corpus.sets and corpus.labels == ("a", "b", "c")
    assert labels == [["abc".index(name) for name in row] for row in sets]
    assert found == weights
    tally = corpus.tallies["train"]
    assert (tally.least, tally.most, tally.weight) == (0, 8.75, sum(weights))
    assert tally.weights["b"] == sum(weights[2::4])
    assert tally.counted == 35


def test_a_label_that_chance_holds_out_alone_is_learned(tmp_path):
    texts, labels = [*TEXTS, "rare!"], [*LABELS, "odd"]
    folder = write_shards(tmp_path / "s", texts, labels)
    plan = plan_of(folder, choose=lambda piece: np.array([t == "rare!" for t in piece.texts]))
    with opened(plan, tmp_path / "c") as corpus:
        assert corpus.labels == ("neg", "odd", "pos")
        assert corpus.blocks["valid"].texts == 0
        assert corpus.tallies["train"].labels["odd"] == 1


def test_a_label_that_a_person_held_out_alone_is_refused(tmp_path):
    folder = write_shards(tmp_path / "s", [*TEXTS, "rare!"], [*LABELS, "odd"])
    choose = lambda piece: np.array([t == "rare!" for t in piece.texts])  # noqa: E731
    plan = plan_of(folder, choose=choose, valid="column:split")
    with pytest.raises(DataError, match=r"part-2.jsonl: a text with the label 'odd' is held out"):
        opened(plan, tmp_path / "c").__enter__()


def test_it_is_told_and_used_again(tmp_path):
    """Its size is told before it is made, to a few per cent."""
    texts = [" ".join(f"word{m}" for m in range(n % 300)) for n in range(2000)]
    shards = write_shards(tmp_path / "s", texts, [str(n % 2) for n in range(2000)])
    told: list[str] = []
    with opened(plan_of(shards), tmp_path / "c", told.append) as first:
        pass
    counting, takes = told
    assert counting.startswith("counting the words of 3 shards (")
    size = sum(path.stat().st_size for path in Path(first.path).glob("*"))
    found = re.fullmatch(rf"the cache takes ([\d.]+) MB at {first.path}", takes)
    assert float(found[1]) * 1e6 == pytest.approx(size, rel=0.05)
    told.clear()
    with opened(plan_of(shards), tmp_path / "c", told.append) as second:
        assert second.fingerprint == first.fingerprint
    (again,) = told
    assert again.startswith(f"using the cache at {first.path} (")


@pytest.mark.parametrize("after", range(8))
def test_what_a_killed_run_has_done_is_not_done_again(shards, tmp_path, monkeypatch, after):
    with opened(plan_of(shards), tmp_path / "whole") as corpus:
        whole = corpus.fingerprint
    done: list[str] = []

    def counted(name, real):
        def call(*arguments, **options):
            if len(done) == after:
                raise KeyboardInterrupt
            result = real(*arguments, **options)
            done.append(f"{name} {arguments[1].shard.name}")
            return result

        return call

    for name in ("count_shard", "encode_shard"):
        monkeypatch.setattr(_make, name, counted(name, getattr(_make, name)))
    if after < 6:
        with pytest.raises(KeyboardInterrupt):
            opened(plan_of(shards), tmp_path / "c", threads=1).__enter__()
    after = 100
    with opened(plan_of(shards), tmp_path / "c", threads=1) as corpus:
        assert corpus.fingerprint == whole
    assert len(done) == len(set(done)) == 6
    assert not [name for name in os.listdir(corpus.path) if "words." in name and name[0] == "0"]


@pytest.mark.parametrize("name", ["00001.train.arrow", "00001.valid.arrow", "00001.json"])
@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_what_is_damaged_is_made_again(shards, tmp_path, monkeypatch, name, how):
    with opened(plan_of(shards), tmp_path / "c") as corpus:
        whole = corpus.fingerprint
    path = Path(corpus.path, name)
    data = path.read_bytes()
    changed = {"cut": data[:-9], "changed": data[:99] + b"?" + data[100:], "gone": b""}[how]
    assert changed != data
    path.unlink() if how == "gone" else path.write_bytes(changed)
    redone = []
    real = _make.encode_shard
    monkeypatch.setattr(
        _make, "encode_shard", lambda *a: redone.append(a[1].shard.name) or real(*a)
    )
    with opened(plan_of(shards), tmp_path / "c") as corpus:
        assert corpus.fingerprint == whole
    assert redone == [str(shards / "part-1.jsonl")]


def test_other_data_or_rules_are_another_cache(shards, tmp_path):
    keys = {plan_of(shards).key, plan_of(shards, max_tokens=9).key}
    keys |= {plan_of(shards, label="label").key, plan_of(shards, valid="hash:0.2").key}
    assert len(keys) == 4
    (shards / "part-1.jsonl").write_text('{"text": "new", "label": "neg"}\n')
    assert plan_of(shards).key not in keys


def test_a_shard_that_changes_is_refused(shards, tmp_path):
    plan = plan_of(shards)
    with (shards / "part-1.jsonl").open("a") as file:
        file.write('{"text": "new", "label": "neg"}\n')
    with pytest.raises(DataError, match=r"part-1\.jsonl"):
        opened(plan, tmp_path / "c").__enter__()


def test_a_disk_without_room_is_refused_before(shards, tmp_path, monkeypatch):
    monkeypatch.setattr(_make.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(CacheError, match=r"takes 3.9 kB, and the disk has 1.0 kB left") as refused:
        opened(plan_of(shards), tmp_path / "c").__enter__()
    assert "--cache FOLDER" in str(refused.value)


def test_a_disk_that_fills_up_is_told_and_gone_on_with(shards, tmp_path, monkeypatch):
    real = _make.write_note

    def full(path, note):
        if path.endswith("00001.json"):
            raise OSError(28, "No space left on device")
        real(path, note)

    with monkeypatch.context() as patch:
        patch.setattr(_make, "write_note", full)
        with pytest.raises(CacheError, match=r"could not be written \(No space left on device\)"):
            opened(plan_of(shards), tmp_path / "c").__enter__()
    with opened(plan_of(shards), tmp_path / "c") as corpus:
        assert corpus.tallies["train"].texts + corpus.tallies["valid"].texts == 100


def test_two_runs_make_one_cache(shards, tmp_path, monkeypatch):
    """The second waits for the first, and uses what it made."""
    told: list[str] = []
    busy, waits = threading.Event(), threading.Event()
    real, calls = _make.encode_shard, []

    def slow(*arguments):
        busy.set()
        assert waits.wait(30)
        calls.append(arguments[1])
        return real(*arguments)

    monkeypatch.setattr(_make, "encode_shard", slow)

    def tell(sentence):
        told.append(sentence)
        if "waiting" in sentence:
            waits.set()

    def other():
        with opened(plan_of(shards), tmp_path / "c"):
            pass

    thread = threading.Thread(target=other)
    thread.start()
    assert busy.wait(30)
    with opened(plan_of(shards), tmp_path / "c", tell) as corpus:
        assert corpus.tallies["train"].texts
    thread.join()
    assert [sentence.split(": ")[-1].split(" (")[0] for sentence in told] == [
        "waiting for another run, which makes this cache now",
        f"using the cache at {corpus.path}",
    ]
    assert len(calls) == 3


def test_a_cache_that_goes_away_while_it_is_read_is_told(shards, tmp_path):
    with opened(plan_of(shards), tmp_path / "c") as corpus:
        os.unlink(corpus.blocks["train"].files[0])
        with pytest.raises(CacheError, match="the cache changed while it was read"):
            corpus.blocks["train"].read(0)


def test_a_folder_that_cannot_be_is_refused(shards, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="file"):
        opened(plan_of(shards), tmp_path / "file").__enter__()


def test_caches_are_listed(shards, tmp_path):
    assert caches(str(tmp_path / "none")) == []
    for size in (8, 9):
        with opened(plan_of(shards, max_tokens=size), tmp_path / "c"):
            pass
    (tmp_path / "c" / ("0" * 16)).mkdir()
    (tmp_path / "c" / "other things").mkdir()
    found = {cache.key: cache for cache in caches(str(tmp_path / "c"))}
    assert len(found) == 3
    assert found.pop("0" * 16).source is None
    for cache in found.values():
        assert (cache.source, cache.valid) == (str(shards), "hash:0.3")
        assert cache.bytes > 4500
