"""Chromium without a window, by its own protocol (Chrome DevTools)."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager

import httpx
import pytest
from websockets.sync.client import connect


class Browser:
    """One tab."""

    def __init__(self, connection):
        self._connection, self._numbers, self._events = connection, itertools.count(1), []
        for domain in ("Page", "Runtime", "DOM", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(timeout=20))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self._events.append(answer)

    def open(self, url):
        self.ask("Page.navigate", url="about:blank")
        self._events.clear()
        self.ask("Page.navigate", url=url)

    def run(self, script):
        done = self._evaluate(script)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait(self, script, expected=True, seconds=20):
        """Until `script` gives what is expected; before the page is there it may fail."""
        self.wait_for(lambda: self._evaluate(script)["result"].get("value") == expected, seconds)

    def wait_for(self, what, seconds=20):
        """Until `what()` is so."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, self.errors()
            time.sleep(0.05)

    def _evaluate(self, script):
        options = {"returnByValue": True, "awaitPromise": True}
        return self.ask("Runtime.evaluate", expression=script, **options)

    def choose(self, identity, path):
        """Put a file into an input."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=f"#{identity}")["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def errors(self):
        kinds = {"Runtime.exceptionThrown", "Log.entryAdded"}
        return [event for event in self._events if event.get("method") in kinds]


@contextmanager
def browsing():
    """A tab of Chromium; the test is skipped where it is not installed."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium here")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                   "--disable-dev-shm-usage", "--remote-debugging-port=0",
                   f"--user-data-dir={profile}", "about:blank"]  # fmt: skip
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            found = None
            while found is None:
                line = process.stderr.readline()
                assert line, "Chromium ended"
                found = re.search(r"ws://([^/]+)/", line)
            (tab,) = [
                tab for tab in httpx.get(f"http://{found[1]}/json").json() if tab["type"] == "page"
            ]
            with connect(tab["webSocketDebuggerUrl"], max_size=None) as connection:
                yield Browser(connection)
        finally:
            process.terminate()
            process.communicate()
