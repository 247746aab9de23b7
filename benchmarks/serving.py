"""Requests a second and their times, beside a plain service of the same model.

    python benchmarks/serving.py MODEL DATA [--seconds 10] [--rounds 3] [--json FILE]

MODEL is one of one layer and one label a text, such as the preset `classic` trains; DATA has texts.
The load comes from wrk (https://github.com/wg/wrk), one thread of it, over loopback: each
connection asks again as soon as it is answered. Both services are one process, and take turns.
The peer is `versus/onnxruntime_serve.py`. wrk needs a core of its own, of two that is half the
machine: the figures are of services that share it with their load.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from environment import machine

import bothways

HERE = Path(__file__).parent
PEER = "onnxruntime_serve"

# Every connection walks through all texts; one field of each line is a whole body.
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local bodies, n = {}, 0
for line in io.lines("%s") do bodies[#bodies + 1] = line end
request = function() n = n %% #bodies + 1; return wrk.format(nil, "/predict", nil, bodies[n]) end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@contextmanager
def running(command: list[str], url: str, environment: dict[str, str]):
    """A service in a process of its own, until it answers."""
    process = subprocess.Popen(command, env=os.environ | environment)
    try:
        for _ in range(300):
            if process.poll() is not None:
                break
            try:
                httpx.post(f"{url}/predict", json={"text": "ready?"}).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            process.kill()
        if process.poll() is not None:
            sys.exit(f"this service did not come up: {' '.join(command)}")
        yield process
    finally:
        process.terminate()
        process.wait()


def load(script: str, url: str, connections: int, seconds: int) -> dict[str, float]:
    """One turn of wrk: requests a second, milliseconds, errors."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script]
    out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    assert found, out
    requests, duration, p50, p99, errors = map(int, found.groups())
    return {
        "requests_per_second": requests / (duration / 1e6),
        "p50_ms": p50 / 1e3,
        "p99_ms": p99 / 1e3,
        "errors": errors,
    }


def difference(urls: dict[str, str], texts: list[str]) -> float:
    """How far apart the probabilities of both are, at most."""

    def ask(url: str, text: str) -> dict[str, float]:
        answer = httpx.post(f"{url}/predict", json={"text": text}).json()
        return answer.get("predictions", [answer])[0]["probabilities"]

    pairs = [[ask(url, text) for url in urls.values()] for text in texts]
    return max(abs(a[label] - b[label]) for a, b in pairs for label in a)


def memory(process: subprocess.Popen) -> float:
    """Megabytes of a process that are in memory."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(options: argparse.Namespace) -> dict:
    """All turns, and their medians."""
    here = machine()
    texts = bothways.read(options.data, need_labels=False).texts[:2_000]
    urls = {"bothways": "http://127.0.0.1:8741", PEER: "http://127.0.0.1:8742"}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bodies, script, graph = (os.path.join(folder, n) for n in ("bodies", "wrk.lua", "m.onnx"))
        Path(bodies).write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
        Path(script).write_text(SCRIPT % bodies)
        bothways_command = [sys.executable, "-m", "bothways"]
        subprocess.run([*bothways_command, "export", options.model, "--to", "onnx", graph],
                       check=True, stderr=subprocess.DEVNULL)  # fmt: skip
        uvicorn = ["uvicorn", "--app-dir", str(HERE / "versus"), "--loop", "uvloop"]
        uvicorn += ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
        commands = {
            "bothways": [*bothways_command, "serve", options.model, "--port", "8741"],
            PEER: [sys.executable, "-m", *uvicorn, "--port", "8742", f"{PEER}:app"],
        }
        services = {
            name: stack.enter_context(running(command, urls[name], {"MODEL": graph}))
            for name, command in commands.items()
        }
        apart = difference(urls, texts[:100])
        turns: dict[str, list] = {}
        for turn in range(options.rounds):
            for connections in options.connections:
                for name in list(urls)[:: 1 if turn % 2 else -1]:
                    found = load(script, urls[name], connections, options.seconds)
                    turns.setdefault(f"{name} {connections}", []).append(found)
        used = {name: memory(process) for name, process in services.items()}
    medians = {
        key: {field: statistics.median(turn[field] for turn in found) for field in found[0]}
        for key, found in turns.items()
    }
    return {"machine": here, "difference": apart, "memory_mb": used, "medians": medians,
            "turns": turns}  # fmt: skip


def table(found: dict, options: argparse.Namespace) -> str:
    """The medians as Markdown."""
    lines = [
        "| connections | | requests/s | p50, ms | p99, ms | errors |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for connections in options.connections:
        for name in ("bothways", PEER):
            row = found["medians"][f"{name} {connections}"]
            lines.append(
                f"| {connections} | {name} | {row['requests_per_second']:,.0f} | "
                f"{row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['errors']:.0f} |"
            )
    used = ", ".join(f"{name} {mb:.0f} MB" for name, mb in found["memory_mb"].items())
    lines += ["", f"Memory after it: {used}. Largest difference of a probability: "
              f"{found['difference']:.1e}."]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, and keep every turn if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--json", dest="file")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("the load comes from wrk, which is not here: apt-get install wrk")
    found = measure(options)
    if options.file:
        Path(options.file).write_text(json.dumps(found, indent=2) + "\n")
    print(table(found, options))


if __name__ == "__main__":
    main()
