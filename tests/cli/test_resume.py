"""train --resume: a run that was left unfinished, by the command."""

from __future__ import annotations

import json
import math
import signal

import pytest

import bothways
from bothways import TextClassifier
from bothways.cli import app
from bothways.errors import ArtifactError
from bothways.training import UnfinishedRun
from cli.test_cli import corpus, run  # noqa: F401

OPTIONS = ("--preset", "classic", "--epochs", "2", "--valid", "24")


class Killed(Exception):
    """As a kill."""


class KilledAt:
    """A watcher that ends the process, as it were, after some steps."""

    def __init__(self, step):
        self.left = step

    def started(self, epochs, steps):
        pass

    def stepped(self, epoch, documents, loss):
        self.left -= 1
        if not self.left:
            raise Killed

    def validated(self, epoch, best):
        pass


@pytest.fixture
def killed(corpus, tmp_path):  # noqa: F811
    """A run of three steps an epoch that was killed after its fourth."""
    rows = bothways.read(corpus)
    classifier = TextClassifier(preset="classic", epochs=2, validation=24)
    with (
        UnfinishedRun(tmp_path / "m", every=0, share=math.inf) as unfinished,
        pytest.raises(Killed),
    ):
        classifier.fit(rows.texts, rows.labels, watcher=KilledAt(5), run=unfinished)
    return tmp_path / "m"


@pytest.fixture(autouse=True)
def handler():
    """`train` has one for SIGTERM, which is not to stay."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def command(*arguments):
    """A command within this process: a start takes longer than all else here."""
    app(list(map(str, arguments)), standalone_mode=False)


def refused(*arguments):
    with pytest.raises(ArtifactError) as refusal:
        command(*arguments)
    return str(refusal.value)


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def facts(folder):
    spec = json.loads((folder / "spec.json").read_text())
    del spec["sha256"], spec["training"]["seconds"]
    return spec


def test_resume_ends_with_the_same_model(corpus, killed, tmp_path):  # noqa: F811
    done = run("train", corpus, "--out", killed, *OPTIONS, "--resume")
    assert done.returncode == 0, done.stderr
    assert "going on after 4 of 6 steps" in done.stderr
    assert not (tmp_path / "m.run").exists()
    command("train", corpus, "--out", tmp_path / "whole", *OPTIONS)
    assert weights(killed) == weights(tmp_path / "whole")
    assert facts(killed) == facts(tmp_path / "whole")
    # The state is gone, and a model that is finished is not replaced without being asked.
    assert "holds a model already" in refused("train", corpus, "--out", killed, "--resume")


def test_a_leftover_is_never_lost_in_silence(corpus, killed, tmp_path):  # noqa: F811
    state = tmp_path / "m.run" / "state"
    before = state.read_bytes()
    assert "--resume" in refused("train", corpus, "--out", killed, *OPTIONS)
    message = refused("train", corpus, "--out", killed, *OPTIONS, "--resume", "--seed", "1")
    assert "seed 0, and this one has 1" in message
    other = tmp_path / "other.csv"
    other.write_text(corpus.read_text() + "good,pos\n")
    message = refused("train", other, "--out", killed, *OPTIONS, "--resume")
    assert "other data" in message and str(killed) in message
    assert state.read_bytes() == before and not killed.exists()
    state.write_bytes(before[: len(before) // 2])
    assert "cut or damaged" in refused("train", corpus, "--out", killed, *OPTIONS, "--resume")
    command("train", corpus, "--out", killed, *OPTIONS, "--overwrite")
    assert killed.exists() and not state.parent.exists()


def test_resume_replaces_only_what_the_run_left_itself(corpus, killed):  # noqa: F811
    rows = bothways.read(corpus)
    same = TextClassifier(preset="classic", epochs=2, validation=24).fit(rows.texts, rows.labels)
    other = TextClassifier(preset="classic", epochs=1, validation=24).fit(rows.texts, rows.labels)
    other.save(killed)
    before = weights(killed)
    assert "holds a model" in refused("train", corpus, "--out", killed, *OPTIONS, "--resume")
    assert weights(killed) == before
    same.save(killed, overwrite=True)
    weights_of_same = weights(killed)
    command("train", corpus, "--out", killed, *OPTIONS, "--resume")
    assert weights(killed) == weights_of_same


def test_nothing_to_go_on_with_is_said(corpus, tmp_path, capsys):  # noqa: F811
    command("train", corpus, "--out", tmp_path / "m", *OPTIONS, "--resume")
    assert "no unfinished run" in capsys.readouterr().err
    with UnfinishedRun(tmp_path / "n"):
        message = refused("train", corpus, "--out", tmp_path / "n", *OPTIONS)
    assert "another run is training this model now" in message
    assert not (tmp_path / "n").exists()
