"""Does the service stay as it is? A million requests, and then thousands of idle connections.

    python benchmarks/soak.py MODEL DATA [--requests 1000000] [--connections 32] [--idle 10000]

Starts `bothways serve MODEL` and prints its memory while wrk asks: each of DATA's texts in turn
(column `text`), one in a hundred for an explanation, and as many with a body that is no JSON, which
is answered with 400. Any other failure ends it. Then so many connections are opened that say
nothing, and requests among them are timed, until the service has closed them. At the end it gets
SIGTERM while as many clients ask as before: each must be answered until it is refused a new
connection, and the exit code must be 0.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from environment import machine

import bothways
from serving import memory, running

PORT, EVERY = 8743, 100_000

SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local bodies, n = {}, %d
wrong, unexpected = 0, 0
for line in io.lines("%s") do bodies[#bodies + 1] = line end
request = function()
  n = n + 1
  if n %% 100 == 0 then return wrk.format(nil, "/predict", nil, "{\\"text\\": ") end
  local path = n %% 100 == 50 and "/explain" or "/predict"
  return wrk.format(nil, path, nil, bodies[n %% #bodies + 1])
end
response = function(status)
  if status == 400 then wrong = wrong + 1 elseif status ~= 200 then unexpected = unexpected + 1 end
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
done = function(summary, latency, requests)
  local e, bad, other = summary.errors, 0, 0
  for _, t in ipairs(threads) do bad = bad + t:get("wrong"); other = other + t:get("unexpected") end
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", summary.requests, bad, other,
    e.connect + e.read + e.write + e.timeout, latency:percentile(99)))
end
"""


def turn(script: Path, bodies: Path, done: int, connections: int) -> dict[str, int]:
    """Some seconds of wrk, from request `done` on."""
    script.write_text(SCRIPT % (done, bodies))
    command = ["wrk", "-t1", f"-c{connections}", "-d5s", "--timeout", "10s", "-s", script]
    command.append(f"http://127.0.0.1:{PORT}")
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    assert found, out
    names = ("requests", "answered_400", "unexpected", "failed", "p99_us")
    return dict(zip(names, map(int, found.groups()), strict=True))


def soak(process: subprocess.Popen, folder: Path, texts: list[str], options) -> None:
    """All requests, and the memory on the way."""
    bodies, script = folder / "bodies", folder / "wrk.lua"
    bodies.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    done = refused = told = 0
    print("| requests | answered with 400 | memory, MB | p99, ms |\n|---:|---:|---:|---:|")
    while done < options.requests:
        found = turn(script, bodies, done, options.connections)
        if found["unexpected"] or found["failed"] or process.poll() is not None:
            sys.exit(f"after {done:,} requests: {found}, exit code {process.poll()}")
        done, refused = done + found["requests"], refused + found["answered_400"]
        if done // EVERY > told // EVERY or done >= options.requests:
            told = done
            p99 = found["p99_us"] / 1e3
            print(f"| {done:,} | {refused:,} | {memory(process):.0f} | {p99:.1f} |", flush=True)


def idle(process: subprocess.Popen, texts: list[str], connections: int) -> None:
    """Connections that say nothing, and how others are served among them."""
    started, before = time.perf_counter(), memory(process)
    silent = []
    for _ in range(connections):
        silent.append(socket.create_connection(("127.0.0.1", PORT)))
    opened = time.perf_counter() - started
    times = []
    with httpx.Client(base_url=f"http://127.0.0.1:{PORT}") as client:
        for text in texts[:200]:
            sent = time.perf_counter()
            client.post("/predict", json={"text": text}).raise_for_status()
            times.append(time.perf_counter() - sent)
    among = memory(process)
    silent[-1].settimeout(120)
    while silent[-1].recv(1 << 16):  # what it says before it closes
        pass
    closed = time.perf_counter() - started
    for connection in silent:
        connection.close()
    print(
        f"\n{connections:,} idle connections opened in {opened:.1f} s: {before:.0f} MB before, "
        f"{among:.0f} with them; a request among them takes {statistics.median(times) * 1e3:.1f} "
        f"ms, {max(times) * 1e3:.1f} at most; the last was closed after {closed:.0f} s",
        flush=True,
    )


def end(process: subprocess.Popen, texts: list[str], connections: int) -> None:
    """SIGTERM after two seconds of clients that ask without a pause, until they are refused."""
    answered, lost = [0], list[str]()

    async def ask(first: int) -> None:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{PORT}", timeout=60, verify=False
        ) as client:
            for n in itertools.count(first):
                try:
                    answer = await client.post("/predict", json={"text": texts[n % len(texts)]})
                    answer.raise_for_status()
                except httpx.ConnectError:
                    return
                except httpx.HTTPError as error:
                    lost.append(repr(error))
                    return
                answered[0] += 1

    async def all_of_them() -> None:
        asyncio.get_running_loop().call_later(2, process.terminate)
        await asyncio.gather(*(ask(n) for n in range(connections)))

    asyncio.run(all_of_them())
    print(
        f"SIGTERM among {connections} clients: {answered[0]:,} requests answered, {len(lost)} "
        f"lost{''.join(f'; {one}' for one in lost[:3])}; exit code {process.wait(60)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--idle", type=int, default=10_000)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("the load comes from wrk, which is not here: apt-get install wrk")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if options.idle + 200 > most:
        sys.exit(f"{options.idle:,} connections need more files than the {most:,} allowed here")
    texts = bothways.read(options.data, need_labels=False).texts[:2_000]
    url = f"http://127.0.0.1:{PORT}"
    command = [sys.executable, "-m", "bothways", "serve", options.model, "--port", str(PORT)]
    print(json.dumps(machine()))
    with tempfile.TemporaryDirectory() as folder, running(command, url, {}) as process:
        print(f"{memory(process):.0f} MB before the first request")
        soak(process, Path(folder), texts, options)
        if options.idle:
            idle(process, texts, options.idle)
        end(process, texts, options.connections)


if __name__ == "__main__":
    main()
