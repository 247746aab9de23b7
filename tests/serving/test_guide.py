"""What docs/serving.md shows works as it stands there, but for the port."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from served import serving

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
HERE = "127.0.0.1:8000"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)


@pytest.fixture(scope="module")
def served(tiny_model):
    command = blocks("console")[0].split()
    assert command == ["bothways", "serve", "my-model"]
    with serving(f"my-model={tiny_model}") as found:
        yield found


def test_the_calls_of_the_guide(served):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    lines = [line for block in blocks("console")[1:] for line in block.splitlines()]
    assert len(lines) >= 9
    for line in lines:
        command = shlex.split(line.replace(HERE, f"127.0.0.1:{served.port}"))
        done = subprocess.run(
            [*command, "--fail", "--silent", "--max-time", "20"], capture_output=True, text=True
        )
        assert done.returncode == 0 and done.stdout, line
        if "/metrics" not in line:
            assert "error" not in json.loads(done.stdout), line


def test_the_programs_of_the_guide(served, capsys):
    (program,) = blocks("python")
    exec(compile(program.replace(HERE, f"127.0.0.1:{served.port}"), "serving.md", "exec"), {})
    words = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert words == ["not", "a", "good", "film"]


def test_the_options_of_the_guide_are_the_commands():
    command = [sys.executable, "-m", "bothways", "serve", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"`(--[a-z-]+)", PAGE)) - {"--json", "--overwrite"}
    assert len(options) >= 10 and all(option in shown for option in options)


def test_what_is_shipped_to_deploy_it_starts_the_command():
    unit = (ROOT / "deploy" / "bothways.service").read_text()
    assert "bothways serve" in unit and "TimeoutStopSec=35" in unit
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    assert '"serve", "--host", "0.0.0.0"' in image and "ARG EXTRAS=serve" in image
