"""The process: its end, replaced folders, tokens, origins, a full queue."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest
from served import everything, request, serving

import bothways
from bothways import artifact
from bothways.cli import main

WHOLE = request(b'{"text": "good film"}')


@pytest.fixture
def models(tiny_model, tmp_path):
    """A folder to serve, and another model of the same kind to replace it with."""
    spec, tensors = artifact.load(tiny_model)
    artifact.save(tmp_path / "served", spec, tensors, "the old card")
    tensors["dense.bias"] = tensors["dense.bias"] + 3
    artifact.save(tmp_path / "new", spec, tensors, "the new card")
    return tmp_path / "served", tmp_path / "new"


def answer(folder):
    return round(float(bothways.load(folder).predict_proba(["good film"])[0, 1]), 6)


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_loses_no_request(tiny_model, number):
    """Eight clients ask without a pause while the process is told to end; each request that
    was sent whole is answered, and then the connection says that it closes."""
    failures, counts = [], []
    with serving(tiny_model) as served:

        def ask():
            done = 0
            while True:
                try:
                    connection = served.connect()
                except ConnectionError:
                    counts.append(done)
                    return
                with connection:
                    while True:
                        connection.sendall(WHOLE)
                        received = b""
                        while not received.endswith(b"}"):
                            data = connection.recv(1 << 16)
                            if not data:
                                failures.append(received)
                                return
                            received += data
                        done += 1
                        if b"connection: close" in received:
                            break

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.4)
        code, said = served.end(number)
        for thread in threads:
            thread.join()
    assert code == 0 and said == ""
    assert failures == [] and len(counts) == 8 and min(counts) > 5


def test_a_stream_and_a_late_request_are_finished_at_the_end(tiny_model):
    with serving(tiny_model) as served, served.connect() as stream, served.connect() as late:
        stream.sendall(b"POST /lines HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        stream.sendall(b'10\r\n{"text": "good"}\r\n1\r\n\n\r\n')
        received = b""
        while b'"label"' not in received:
            received += stream.recv(1 << 16)
        late.sendall(WHOLE[:20])
        time.sleep(0.2)
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        late.sendall(WHOLE[20:])
        assert everything(late).startswith(b"HTTP/1.1 200")
        assert b"the service ends; the lines before this one are answered" in everything(stream)
        assert served.process.wait(10) == 0


def test_a_second_signal_ends_it_at_once(tiny_model):
    with serving(tiny_model) as served, served.connect() as connection:
        connection.sendall(WHOLE[:-5])  # it would be waited for
        time.sleep(0.2)
        start = time.monotonic()
        for _ in range(2):
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        served.process.wait(10)
        assert time.monotonic() - start < 3


def test_a_replaced_folder_is_read_again(models):
    """Requests go on meanwhile; what is broken is not taken, and said once."""
    folder, new = models
    with serving(folder) as served:
        before, expected = answer(folder), answer(new)
        seen = set()

        def read_again():
            seen.add(served.predict("good film")["predictions"][0]["probabilities"]["pos"])
            return expected in seen

        assert not read_again()
        spec, tensors = artifact.load(new)
        artifact.save(folder, spec, tensors, "the new card", overwrite=True)
        wait_for(read_again)
        assert seen == {before, expected}
        assert served.client.get("/models/served").json()["card"] == "the new card"
        weights = folder / "model.safetensors"
        whole = weights.read_bytes()
        weights.write_bytes(whole[:-1] + b"\x01")
        refused = 'bothways_reloads_total{model="served",outcome="refused"} 1.0'
        wait_for(lambda: refused in served.client.get("/metrics").text)
        assert read_again()
        weights.write_bytes(whole)
        taken = 'bothways_reloads_total{model="served",outcome="read"} 2.0'
        wait_for(lambda: taken in served.client.get("/metrics").text)
        shutil.rmtree(folder)
        time.sleep(1.2)
        assert read_again()
        code, said = served.end()
    assert code == 0
    lines = said.splitlines()
    assert len(lines) == 3 and all(line.startswith("bothways: served: ") for line in lines)
    assert "the old model stays" in lines[1] and "checksum" in lines[1]


def test_a_token_is_asked_for_and_an_origin_let_in(tiny_model, tmp_path):
    (tmp_path / "token").write_text("secret\n")
    options = ("--token-file", tmp_path / "token", "--cors", "https://a.example")
    with serving(tiny_model, *options) as served:
        for header in ({}, {"authorization": "Bearer secre"}, {"authorization": "secret"}):
            done = served.client.post("/predict", json={"text": "a"}, headers=header)
            assert done.status_code == 401 and done.headers["www-authenticate"] == "Bearer"
            assert "Authorization: Bearer TOKEN" in done.json()["error"]
        for path in ("/models", "/metrics", "/openapi.json", "/lines"):
            assert served.client.get(path).status_code == 401
        for path in ("/", "/health/live", "/health/ready"):
            assert served.client.get(path).status_code == 200
        assert preflight(served, "https://a.example") == "https://a.example"
        assert preflight(served, "https://b.example") is None
        served.client.headers["authorization"] = "Bearer secret"
        served.predict("a")
        assert served.client.get("/metrics").status_code == 200


def test_no_origin_is_let_in_by_itself(healthy):
    assert preflight(healthy, "https://a.example") is None


def preflight(served, origin):
    """Which origin a browser is told may ask."""
    asked = {"access-control-request-method": "POST", "origin": origin}
    asked["access-control-request-headers"] = "authorization,content-type"
    done = served.client.options("/predict", headers=asked)
    return done.headers.get("access-control-allow-origin")


def test_what_cannot_wait_is_told_to_come_back(tiny_model):
    """Of many long requests at once some are refused, none is lost, and none is wrong."""
    text = "good film " * 30_000
    with serving(tiny_model, "--max-waiting", "2", "--threads", "1") as served:
        expected = served.predict("good film")
        statuses = []

        def ask(text):
            url = f"{served.url}/predict"
            done = httpx.post(url, json={"text": text}, timeout=30)
            statuses.append(done.status_code)
            if done.status_code == 429:
                assert done.headers["retry-after"] == "1" and "come back" in done.json()["error"]
            elif text == "good film":
                assert done.json() == expected

        threads = [threading.Thread(target=ask, args=[[text] * 20]) for _ in range(6)]
        threads += [threading.Thread(target=ask, args=["good film"]) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200, 429} and len(statuses) == 12


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{model}", "{model}"], "two models are named 'tiny': give one another name"),
        (["{tmp}"], "spec.json: there is no such file"),
        (["{tmp}/none"], "there is no such model folder"),
        (["={model}"], "as the name of the model"),
        (["{model}", "--max-body", "much"], "got the size 'much'"),
        (["{model}", "--port", "{port}"], "cannot be listened on: Address already in use"),
        (["{model}", "--token-file", "{tmp}/none"], "none: No such file or directory"),
        (["{model}", "--token-file", "{tmp}/odd"], "odd: holds no token"),
        (["{model}", "--precision", "f8"], "precision"),
    ],
)
def test_what_is_wrong_is_said_before_it_serves(
    tiny_model, tmp_path, service, arguments, sentence, monkeypatch, capsys
):
    (tmp_path / "odd").write_text("secret-é\n", encoding="utf-8")
    known = {"model": tiny_model, "tmp": tmp_path, "port": service.port}
    if "--port" not in arguments:
        arguments = [*arguments, "--port", "0"]
    command = ["bothways", "serve", *(one.format(**known) for one in arguments)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().err
    assert end.value.code == 1 and sentence in said and len(said.splitlines()) == 1


def test_serving_loads_no_torch(tiny_model):
    code = (
        "import sys; from bothways.serving import Service, create_app, open_models\n"
        f"create_app(Service(open_models([{str(tiny_model)!r}])))\n"
        "print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import json\n" + code], capture_output=True, text=True, check=True
    )
    assert not {"torch", "sklearn", "scipy", "pandas", "pyarrow"} & set(json.loads(done.stdout))
