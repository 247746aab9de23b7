"""What waits is computed together, in order, and nobody pays for another's fault."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import bothways
from bothways.serving import Limits, Service, open_models
from bothways.serving._answers import Refused
from bothways.serving._batcher import CHARACTERS, Batcher


class Recorder:
    """Upper case for texts, after `go`; remembers its batches."""

    def __init__(self):
        self.batches, self.go = [], threading.Event()

    def __call__(self, key, texts):
        assert self.go.wait(5)
        self.batches.append((key, texts))
        if "bad" in texts:
            raise ValueError("bad")
        return [text.upper() for text in texts]


def batched(use, waiting=100):
    """What `use(batcher, recorder)` gives, and the batches there were."""

    async def run():
        with ThreadPoolExecutor(1) as executor:
            batcher = Batcher(recorder, executor, waiting=waiting)
            try:
                return await use(batcher, recorder)
            finally:
                recorder.go.set()

    recorder = Recorder()
    return asyncio.run(run()), recorder.batches


async def soon():
    """Let everybody get as far as they can without the thread."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_arrives_at_one_moment_and_while_a_batch_is_computed_is_gathered():
    async def use(batcher, recorder):
        first = [asyncio.create_task(batcher("k", [t])) for t in "ab"]
        await soon()
        second = [asyncio.create_task(batcher("k", list(t))) for t in ("c", "de", "")]
        await soon()
        assert batcher.waiting == 2  # nothing needs no thread
        recorder.go.set()
        return await asyncio.gather(*first, *second)

    answers, batches = batched(use)
    assert answers == [["A"], ["B"], ["C"], ["D", "E"], []]
    assert batches == [("k", ["a", "b"]), ("k", ["c", "d", "e"])]


def test_keys_are_kept_apart_and_sizes_bounded():
    long = "x" * (CHARACTERS // 2 + 1)

    async def use(batcher, recorder):
        recorder.go.set()
        asked = [("k", ["a"]), ("l", ["b"]), ("l", [long, long, "c"]), ("l", ["d"])]
        return await asyncio.gather(*(batcher(*one) for one in asked))

    answers, batches = batched(use)
    assert answers == [["A"], ["B"], [long.upper(), long.upper(), "C"], ["D"]]
    sizes = [(key, [len(text) for text in texts]) for key, texts in batches]
    half = len(long)
    # A large request comes again with its rest, behind those who wait.
    assert sizes == [("k", [1]), ("l", [1, half]), ("l", [1]), ("l", [half, 1])] or sizes == [
        ("k", [1]), ("l", [1, half, 1]), ("l", [half, 1])
    ]  # fmt: skip


def test_a_fault_is_its_own():
    async def use(batcher, recorder):
        recorder.go.set()
        asked = [["a"], ["x", "bad"], ["b"]]
        tasks = (batcher("k", texts) for texts in asked)
        return await asyncio.gather(*tasks, return_exceptions=True)

    (a, bad, b), _ = batched(use)
    assert (a, b) == (["A"], ["B"]) and isinstance(bad, ValueError)


def test_one_too_many_is_told_to_come_back_and_who_gave_up_is_not_computed():
    async def use(batcher, recorder):
        first = asyncio.create_task(batcher("k", ["a"]))
        await soon()
        waiting = [asyncio.create_task(batcher("k", [t])) for t in "bc"]
        await soon()
        with pytest.raises(Refused, match="come back") as refused:
            await batcher("k", ["d"])
        assert refused.value.status == 429 and refused.value.headers == {"retry_after": "1"}
        waiting[0].cancel()
        await soon()
        recorder.go.set()
        return [await first, await waiting[1]]

    answers, batches = batched(use, waiting=2)
    assert answers == [["A"], ["C"]]
    assert batches == [("k", ["a"]), ("k", ["c"])]


def test_a_text_has_the_same_answer_with_any_neighbours(tiny_model, rng):
    texts = [" ".join(rng.choice(["good", "bad", "film", "the"], n)) for n in range(200)]

    async def use(service):
        alone = [(await service.predict(None, [text]))[1] for text in texts]
        together = await asyncio.gather(*(service.predict(None, [text]) for text in texts))
        service.close()
        return alone, [answers for _, answers in together]

    service = Service(open_models([str(tiny_model)]), Limits())
    alone, together = asyncio.run(use(service))
    assert alone == together
    sizes = {s.labels.get("le"): s.value for m in service.metrics.registry.collect()
             for s in m.samples if s.name == "bothways_batch_texts_bucket"}  # fmt: skip
    assert sizes["128.0"] < sizes["256.0"]  # they were computed together
    expected = bothways.load(tiny_model).predict_proba(texts)[:, 1]
    found = [answer["probabilities"]["pos"] for (answer,) in alone]
    assert found == [round(float(p), 6) for p in expected]


def test_explanations_that_wait_are_few(tiny_model):
    async def use(service):
        go = threading.Event()
        waiting = [asyncio.create_task(service.compute(go.wait, 5)) for _ in range(2)]
        await soon()
        with pytest.raises(Refused, match="2 explanations or readings") as refused:
            await service.compute(go.wait, 5)
        assert service.waiting == 2 and refused.value.status == 429
        go.set()
        await asyncio.gather(*waiting)
        assert service.waiting == 0
        service.close()

    asyncio.run(use(Service(open_models([str(tiny_model)]), Limits(waiting=2))))
