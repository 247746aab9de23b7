"""Bad requests get one sentence, and others are not harmed: `healthy` asks after each."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from served import everything, request


def sentence(response):
    """The status and the one sentence of a raw answer."""
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, "not JSON: EOF while parsing a value"),
        (b'{"text": "a', 400, "not JSON: EOF while parsing a string"),
        (b"[" * 90_000, 400, "not JSON: recursion limit exceeded"),
        (b'{"text": "\xff"}', 400, "not JSON: invalid unicode code point"),
        (b'{"text": "\\ud800"}', 400, "not JSON: unexpected end of hex escape"),
        (b'{"text": NaN}', 422, "text: it should be a string or a list of strings"),
        (b'{"text": ' + b"9" * 50_000 + b"}", 400, "not JSON: number out of range"),
        (b"[]", 422, "the body: it should be an object"),
        (b"{}", 422, "text: field required"),
        (b'{"text": null}', 422, "text: it should be a string"),
        (b'{"text": ["a", 3]}', 422, "text: it should be a string or a list of strings"),
        (b'{"text": "a", "texts": []}', 422, "texts: extra inputs are not permitted"),
        (b'{"text": "a", "reject_below": 2}', 422, "reject_below: it should be less than or equal"),
        (b'{"text": "a", "reject_below": NaN}', 422, "reject_below: it should be a finite number"),
        (b'{"text": "a"}', 404, "name a model: this service has 'tiny', 'other'"),
        (
            b'{"text": "a", "model": "x\\r\\n"}',
            404,
            "there is no model 'x\\r\\n': this service has",
        ),
        (json.dumps({"text": ["a"] * 51, "model": "tiny"}).encode(), 413, "got 51 texts, at most"),
    ],
)
def test_bodies(healthy, body, status, error):
    response = healthy.exchange(request(body, "Connection: close"))
    assert sentence(response)[0] == status
    assert sentence(response)[1].startswith(error)


def test_a_text_with_too_many_tokens_harms_no_neighbour(healthy):
    def ask(text):
        answer = healthy.client.post("/predict", json={"text": text, "model": "tiny"})
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, ["good film"] * 20 + ["a " * 501] + ["good film"] * 20))
    refused = answers.pop(20)
    assert refused == (413, {"error": "a text has 501 tokens, at most 500 are read at a time"})
    assert {status for status, _ in answers} == {200}


def test_a_declared_body_is_refused_at_once(healthy):
    start = time.perf_counter()
    with healthy.connect() as connection:
        connection.sendall(request(b"", "Content-Length: 10000000000"))
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(1 << 16)
    assert sentence(received)[0] == 413
    assert sentence(received)[1].startswith(
        "the body of 10,000,000,000 bytes is too large: at most"
    )
    assert time.perf_counter() - start < 0.5


def test_100_mb_and_endless_chunks_are_cut(healthy):
    """The answer is read although the body was not."""
    before = healthy.memory()
    block = b"a" * 1_000_000
    parts = [request(b"", "Content-Length: 100000000"), *([block] * 100)]
    assert sentence(healthy.exchange(*parts))[0] == 413
    chunk = b"%x\r\n%s\r\n" % (len(block), block)
    parts = [request(b"", "Transfer-Encoding: chunked"), *([chunk] * 100)]
    assert sentence(healthy.exchange(*parts))[0] == 413
    assert healthy.memory() - before < 30_000_000


def test_slow_clients_are_cut_while_others_are_served(healthy):
    """A head, a body, and nothing at all; half a request, and a client that vanishes."""
    whole = request(b'{"text": "a", "model": "tiny"}')

    def slowly(data):
        with healthy.connect() as connection:
            start = time.perf_counter()
            connection.sendall(data)
            received = everything(connection)
            return received, time.perf_counter() - start

    with healthy.connect() as vanishing, ThreadPoolExecutor(8) as pool:
        vanishing.sendall(whole[:-5])
        waiting = [pool.submit(slowly, data) for data in (whole[:30], whole[:-5], b"", b"\r\n")]
        vanishing.close()
        for _ in range(20):
            assert healthy.predict("good film", model="tiny")["predictions"][0]["label"] == "pos"
        head, body, nothing, blank = [one.result() for one in waiting]
    assert sentence(head[0]) == (408, "the head was not there within 1 seconds")
    assert sentence(body[0]) == (408, "the body was not there within 1 seconds")
    assert nothing[0] == blank[0] == b""
    assert all(0.9 < seconds < 4 for _, seconds in (head, body, nothing, blank))


def test_a_byte_now_and_then_is_slow_too(healthy):
    with healthy.connect() as connection:
        start = time.perf_counter()
        connection.sendall(request(b"", "Content-Length: 1000"))
        connection.settimeout(0.2)
        received = b""
        while not received.endswith(b"}") and time.perf_counter() - start < 5:
            connection.sendall(b" ")
            with suppress(TimeoutError):
                received += connection.recv(1 << 16)
        assert sentence(received)[0] == 408 and time.perf_counter() - start < 2.5


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"GET\r\n\r\n", 400),
        (b"nonsense\x00\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (request(b"x", "Content-Length: 1", "Transfer-Encoding: chunked"), 400),
        (request(b"x", "Content-Length: -1"), 400),
        (request(b"x", "Content-Length: 99999999999999999999999"), 400),
        (request(b"zz\r\nx", "Transfer-Encoding: chunked"), 400),
        (request(b"", *(f"X-{n}: y" for n in range(20_000))), 431),
        (request(b"", "X: " + "y" * 1_000_000), 431),
        (request(b"", path="/" + "y" * 1_000_000), 431),
        (request(b"{}", "Content-Encoding: gzip"), 415),
        (request(b"{}", "Connection: close", path="/nothing"), 404),
        (request(b"{}", "Connection: close", method="PUT"), 405),
    ],
)
def test_heads(healthy, data, status):
    got, error = sentence(healthy.exchange(data))
    assert got == status and error


def test_a_long_head_that_comes_in_pieces_is_read(healthy):
    whole = request(b"{}", "X: " + "y" * 40_000, "Connection: close", path="/nothing")
    pieces = [whole[n : n + 1_000] for n in range(0, len(whole), 1_000)]
    with healthy.connect() as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.005)
        assert sentence(connection.recv(1 << 16))[0] == 404


def test_two_requests_in_one_breath(healthy):
    whole = request(b'{"text": "good", "model": "tiny"}')
    received = healthy.exchange(whole, whole + request(b"", "Connection: close", path="/x"))
    assert received.count(b"HTTP/1.1 200") == 2 and received.count(b"HTTP/1.1 404") == 1


def test_a_request_that_follows_may_take_its_time(healthy):
    whole = request(b'{"text": "good", "model": "tiny"}')
    with healthy.connect() as connection:
        connection.sendall(whole + whole[:-4])
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(1 << 16)
        connection.sendall(whole[-4:])
        while received.count(b'"probabilities"') < 2:
            received += connection.recv(1 << 16)
    assert received.count(b"HTTP/1.1 200") == 2


def test_answers_without_a_body_are_whole(healthy):
    received = healthy.exchange(request(b"", "Connection: close", path="/", method="HEAD"))
    assert received.startswith(b"HTTP/1.1 200") and received.endswith(b"\r\n\r\n")
    headers = ("Expect: 100-continue", "Connection: close")
    expecting = request(b'{"text": "good", "model": "tiny"}', *headers)
    received = healthy.exchange(expecting)
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")


def test_idle_sockets_do_not_shut_others_out(healthy):
    idle = [healthy.connect() for _ in range(300)]
    assert healthy.predict("good film", model="tiny")["predictions"][0]["label"] == "pos"
    for connection in idle:
        connection.close()


def test_lines_that_are_too_long_or_never_end(healthy):
    kind = {"content-type": "application/x-ndjson"}
    done = healthy.client.post("/lines?model=tiny", content=b"a" * 200_000, headers=kind)
    assert done.json() == {"error": "a line is too large: at most 100,000 bytes"}
    long = json.dumps({"text": "a " * 501}) + '\n{"text": "good"}\n'
    done = healthy.client.post("/lines?model=tiny", content=long, headers=kind)
    errors = [json.loads(line).get("error", "") for line in done.text.splitlines()]
    assert errors[0].startswith("a text has 501 tokens") and errors[1] == ""
    done = healthy.client.post("/lines", content=b"{}", headers=kind)
    assert done.status_code == 404 and "name a model" in done.json()["error"]
    done = healthy.client.post("/lines?model=tiny&reject_below=x", content=b"{}", headers=kind)
    assert done.status_code == 422 and done.json()["error"].startswith("reject_below: it should")


def test_files_of_the_page_are_all_there_is(healthy):
    for path in ("/page/../_app.py", "/page/%2e%2e/_app.py", "/page//etc/passwd", "/page/.."):
        received = healthy.exchange(request(b"", "Connection: close", path=path, method="GET"))
        assert sentence(received)[0] == 404
