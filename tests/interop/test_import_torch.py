"""A state dict of somebody's program answers here as it does there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from networks import KINDS, LOWER, TEXTS, made
from safetensors.torch import load_file, save_file
from torch_program import WORDS, Net

import bothways
from bothways import artifact, interop
from bothways.errors import ArgumentError, ArtifactError
from conftest import tiny_corpus

# PyTorch packs no text without a token.
SENTENCES = [t for t in TEXTS if t] + ["z y x w v u t s r q p o n m l k j i h g f e d c b a"] * 2


@pytest.fixture(autouse=True)
def one_thread():
    """PyTorch's threads wait for each other in a loop, for seconds where cores are busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def vocabulary(tmp_path):
    """A file of the words alone: ids 0 and 1 are padding and unknown."""
    path = tmp_path / "words.txt"
    path.write_text("\n".join(WORDS))
    return path


def saved(net, tmp_path, **changes):
    path = tmp_path / "net.safetensors"
    save_file({**net.state_dict(), **changes}, path)
    return path


@torch.no_grad()
def scores(net, places, texts=SENTENCES):
    """What the program gives, where the id of a word is its place."""
    rows = [
        torch.tensor([places.get(w, places["[UNK]"]) for w in clean(text).split()])
        for text in texts
    ]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return net(padded, torch.tensor([len(row) for row in rows]))


def clean(text):
    return "".join(c for c in text.lower() if c not in ",;!")


PLACES = {"[UNK]": 1, **{word: n + 2 for n, word in enumerate(WORDS)}}


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("merge", ["concat", "sum", "ave", "mul", None])
def test_every_network(tmp_path, vocabulary, merge, pooling, layers):
    torch.manual_seed(layers)
    net = Net(layers, merge is not None, 1 + 2 * (layers % 2), merge, pooling)
    given = merge if merge not in (None, "concat") else None
    told = interop.import_torch(
        *(saved(net, tmp_path), tmp_path / "m"),
        vocabulary=vocabulary,
        pooling=pooling,
        merge=given,
    )
    assert told.seen.texts == 100 and told.seen.largest_difference < 1e-6
    model = bothways.load(tmp_path / "m")
    theirs = scores(net, PLACES)
    if theirs.shape[1] == 1:
        theirs = torch.cat([torch.zeros_like(theirs), theirs], 1)
    ours = model.predict_proba(SENTENCES)
    np.testing.assert_allclose(ours, theirs.softmax(1), rtol=0, atol=1e-6)
    assert ours.std(axis=0).max() > 0.01
    assert model.spec.training["imported"] == {"program": "PyTorch", "source": "net.safetensors"}
    assert "trained by | PyTorch" in (tmp_path / "m" / "README.md").read_text()


def test_sigmoids_labels_and_no_biases(tmp_path, vocabulary):
    net = Net(2, bias=False)
    state = {k: v for k, v in net.state_dict().items() if k != "head.bias"}
    net.head.bias.data.zero_()
    save_file({f"module.{k}": v for k, v in state.items()}, tmp_path / "n.safetensors")
    interop.import_torch(
        *(tmp_path / "n.safetensors", tmp_path / "m"),
        labels=["a", "b", "c"],
        vocabulary=vocabulary,
        pooling="last",
        multilabel=True,
    )
    model = bothways.load(tmp_path / "m")
    assert model.labels == ["a", "b", "c"] and model.spec.task == "multilabel"
    theirs = scores(net, PLACES).sigmoid()
    np.testing.assert_allclose(model.predict_proba(SENTENCES), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("first", [["<unk>", "<pad>"], ["<PAD>", "[UNK]"], ["", "[UNK]"]])
@pytest.mark.parametrize("left", [26, 20])  # of the words that the embedding has rows for
def test_padding_and_unknown_words_may_be_anywhere(tmp_path, first, left):
    net = Net()
    lines = [first[0], *WORDS[:3], first[1], *WORDS[3:left]]
    (tmp_path / "v.txt").write_text("\n".join(lines) + "\n")
    told = interop.import_torch(
        *(saved(net, tmp_path), tmp_path / "m"), vocabulary=tmp_path / "v.txt", pooling="last"
    )
    places = {line: n for n, line in enumerate(lines)}
    places["[UNK]"] = next(n for n, line in enumerate(lines) if "unk" in line.lower())
    theirs = scores(net, places).softmax(1)
    ours = bothways.load(tmp_path / "m").predict_proba(SENTENCES)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    assert f"{places['[UNK]']} is unknown words" in " ".join(told.notes)
    assert ("6 of 28 rows of the embedding have no token" in told.notes[0]) == (left == 20)


def test_a_model_that_reads_padding(tmp_path, vocabulary):
    """Trained on padded sequences: every text is read up to the full length."""
    net = Net(2, pooling="mean")
    interop.import_torch(
        *(saved(net, tmp_path), tmp_path / "m"),
        vocabulary=vocabulary,
        pooling="mean",
        as_trained=True,
        length=30,
    )
    rows = torch.zeros(2, 30, dtype=torch.int64)
    rows[0, :2] = torch.tensor([2, 3])
    with torch.no_grad():
        theirs = net(rows, torch.tensor([30, 30])).softmax(1)
    ours = bothways.load(tmp_path / "m").predict_proba(["a b", ""])
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "kind, told", [("float16", "exactly"), ("bfloat16", "exactly"), ("float64", "rounded")]
)
def test_other_floats_are_converted_and_it_is_said(tmp_path, vocabulary, kind, told):
    net = Net().to(getattr(torch, kind))
    said = interop.import_torch(
        *(saved(net, tmp_path), tmp_path / "m"), vocabulary=vocabulary, pooling="last"
    )
    assert f"{told}" in said.notes[0] and "11 tensors of" in said.notes[0]
    theirs = scores(net.to(torch.float32), PLACES).softmax(1)
    ours = bothways.load(tmp_path / "m").predict_proba(SENTENCES)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("lower", [(), *LOWER], ids=str)
@pytest.mark.parametrize("mask", [True, False])
def test_there_and_back_is_the_same_model(tmp_path, lower, mask):
    spec, tensors = made(KINDS[8 + len(lower)], lower=lower, mask=mask, outputs=2, temperature=1.7)
    artifact.save(tmp_path / "a", spec, tensors, "card")
    interop.export(tmp_path / "a", tmp_path / "b.safetensors", to="torch")
    told = interop.import_torch(tmp_path / "b.safetensors", tmp_path / "c")
    assert told.notes == [] and told.seen.largest_difference < 1e-6
    again, back = artifact.load(tmp_path / "c")
    assert again == spec and all((back[name] == tensors[name]).all() for name in tensors)
    interop.export(tmp_path / "c", tmp_path / "d.safetensors", to="torch")
    assert (tmp_path / "b.safetensors").read_bytes() == (tmp_path / "d.safetensors").read_bytes()


def test_a_trained_model_comes_back_with_its_facts(tiny_model, tmp_path):
    interop.export(tiny_model, tmp_path / "m.safetensors", to="torch")
    interop.import_torch(tmp_path / "m.safetensors", tmp_path / "m")
    texts = tiny_corpus(50, seed=9)[0]
    here, there = bothways.load(tiny_model), bothways.load(tmp_path / "m")
    assert (here.predict_proba(texts) == there.predict_proba(texts)).all()
    assert here.spec == there.spec
    card = (tmp_path / "m" / "README.md").read_text()
    assert "held-out accuracy" in card and "trained on" in card
    # What torch itself writes of it has no facts, and says what is missing.
    save_file(load_file(tmp_path / "m.safetensors"), tmp_path / "bare.safetensors")
    with pytest.raises(ArtifactError, match="--vocabulary FILE"):
        interop.import_torch(tmp_path / "bare.safetensors", tmp_path / "n")
    described = {
        "vocabulary": tmp_path / "m.safetensors.json",
        "pooling": here.spec.network.pooling,
    }
    interop.import_torch(tmp_path / "bare.safetensors", tmp_path / "bare", **described)
    bare = bothways.load(tmp_path / "bare")
    assert bare.spec.vectorizer == replace(here.spec.vectorizer, max_tokens=None)
    np.testing.assert_allclose(bare.predict_proba(texts), here.predict_proba(texts), atol=1e-6)
    with pytest.raises(ArgumentError, match=r"json says how texts are read; length"):
        interop.import_torch(tmp_path / "bare.safetensors", tmp_path / "n", length=9, **described)
    with pytest.raises(ArgumentError, match="metadata say everything; pooling is for"):
        interop.import_torch(tmp_path / "m.safetensors", tmp_path / "n", pooling="last")
    assert not (tmp_path / "n").exists()
