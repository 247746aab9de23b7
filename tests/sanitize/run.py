"""Builds the extension with sanitizers and runs the tests that need no torch against it.

    make sanitize            addresses and undefined behaviour
    make sanitize-threads    data races

The build is in `build/sanitize/`; what is installed stays as it is. torch is left out: it would
be slow, and its reports are not ours. Any report of a sanitizer ends the run with a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COMPILER = os.environ.get("CXX", "g++")

# Python's own allocator would hand out pieces of large blocks, whose ends no sanitizer knows.
ALLOCATORS = {"PYTHONMALLOC": "malloc", "ARROW_DEFAULT_MEMORY_POOL": "system"}
HIDDEN = "tests/test_nothing_hidden.py"

# What each run sets, tests and leaves out. Leaks are not looked for: CPython and NumPy keep
# memory until the process ends, and their thousand reports would hide one of ours.
RUNS = {
    "address": (
        "libasan.so",
        {
            "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            **ALLOCATORS,
        },
        ["tests/kernels", "tests/optim", "tests/text", HIDDEN],
        # The allocator of g++ 12's runtime does not free its locks in the child of a fork. No
        # memory is kept under it.
        ["fork_while", "memory_is_kept"],
    ),
    # The runtime counts as a thread, and takes a child's thread for a mistake if it is not
    # told; what a fork does to the pool, parallel_test.cc tries.
    "thread": (
        "libtsan.so",
        {"TSAN_OPTIONS": "die_after_fork=0"},
        ["tests/kernels/test_threads.py", HIDDEN],
        ["fork", "starts_the_threads"],
    ),
}


def build(which: str) -> Path:
    """The folder with the sanitized extension."""
    folder = ROOT / "build" / "sanitize" / which
    configure = ["-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug"]
    configure += [f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DPython_EXECUTABLE={sys.executable}"]
    tools = os.environ | {"PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"}
    subprocess.run(["cmake", *configure, f"-DBOTHWAYS_SANITIZE={which}"], check=True, env=tools)
    subprocess.run(["cmake", "--build", folder], check=True, env=tools)
    return folder


def library(name: str) -> str:
    """The compiler's shared library of that name."""
    found = subprocess.run(
        [COMPILER, f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_absolute():
        sys.exit(f"{COMPILER} has no {name}: install the sanitizers' libraries beside it")
    return str(Path(found).resolve())


def main(which: str) -> int:
    runtime_name, options, tests, without = RUNS[which]
    folder = build(which)
    (extension,) = folder.glob("_kernels*.so")
    environment = os.environ | options
    for test in ("parallel_test", "padded_test"):
        subprocess.run([folder / test], check=True, env=environment, timeout=300)
    runtime = library(runtime_name)
    environment |= {
        # The runtime must be first. It looks for the C++ library when it starts, and Python
        # has none: without it the first exception would end the process.
        "LD_PRELOAD": f"{runtime} {library('libstdc++.so.6')}",
        "PYTHONPATH": str(HERE),
        "BOTHWAYS_SANITIZED": str(extension),
        "BOTHWAYS_SANITIZER_RUNTIME": runtime,
    }
    # A report ends the process, and would go with what pytest has captured of its output.
    command = [sys.executable, "-m", "pytest", "-p", "sanitized_plugin", "--capture=sys", "-q"]
    command += [*tests, "-k", " and ".join(f"not {name}" for name in without)]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
