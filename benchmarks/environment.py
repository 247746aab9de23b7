"""The peers' virtual environment, and what the figures depend on: the machine and its load."""

import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-bench"
REQUIREMENTS = HERE / "requirements.txt"


def peers_python() -> Path:
    """Return the Python of `.venv-bench`, made or brought up to `requirements.txt` first.

    If the requirements do not install together they are installed one at a time, so that one
    package without a wheel fails alone; its workers then report the import error.
    """
    python, stamp = PEERS / "bin" / "python", PEERS / "requirements.installed"
    wanted = REQUIREMENTS.read_text()
    if not python.exists():
        print("Making .venv-bench for the peers; the first time takes some minutes.")
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
    if not stamp.is_file() or stamp.read_text() != wanted:
        install = [python, "-m", "pip", "install", "--quiet"]
        if subprocess.run([*install, "--requirement", REQUIREMENTS]).returncode:
            for line in wanted.splitlines():
                if line and not line.startswith("#"):
                    subprocess.run([*install, line])
        stamp.write_text(wanted)
    return python


def machine() -> dict[str, object]:
    """Describe this machine: processor, cores, instruction sets that matter, memory, load."""
    fields: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = fields.get("flags", "").split()
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_tile")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": fields.get("model name", platform.processor()),
        "cores": len(os.sched_getaffinity(0)),
        "instructions": [flag for flag in wanted if flag in flags],
        "memory_bytes": pages,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }
