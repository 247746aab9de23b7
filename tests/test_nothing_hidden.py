"""No thread, setting or surprise that was not asked for: at import, in a call, at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from threaded_kernels import calls, threaded_names

CALLS = calls()

# OpenBLAS, which NumPy loads, would start threads of its own.
ENVIRONMENT = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
BEGIN = f"""
import os, signal, sys, threading, time
import numpy
sys.path.insert(0, {str(Path(__file__).parent)!r})

def threads():
    return len(os.listdir("/proc/self/task"))

def in_child(function):
    pid = os.fork()
    if pid:
        assert os.waitpid(pid, 0)[1] == 0, "the child failed"
        return
    failed = 1
    signal.alarm(100)  # one that hangs ends before its parent is given up
    try:
        function()
        failed = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(failed)

before = threads()
"""


def run(code, timeout=120):
    """What `code` prints, word by word; it must end in time, with status 0 and in silence."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=ENVIRONMENT,
    )
    assert done.returncode == 0 and not done.stderr, (done.returncode, done.stderr)
    return done.stdout.split()


def test_every_threaded_kernel_is_called_here():
    assert threaded_names() == set(CALLS)


def test_importing_starts_no_thread():
    code = "import bothways, bothways.kernels, bothways.text, bothways.runtime\n"
    assert run(code + "print(threads() - before)") == ["0"]


def test_a_call_starts_the_threads_that_it_is_given_and_no_more():
    """Each kernel in a process of its own; a pool that is there is used again."""
    code = """
from threaded_kernels import calls

def count():
    found = []
    for wanted in (1, 2, 2, 1, 3):
        call(wanted)
        found.append(str(threads() - before))
    print(name, "".join(found))

for name, call in calls().items():
    in_child(count)
"""
    found = run(code)
    assert dict(zip(found[::2], found[1::2], strict=True)) == dict.fromkeys(CALLS, "01112")


@pytest.mark.parametrize("name", sorted(CALLS))
def test_the_number_of_threads_changes_no_bit(isa, name):
    one = [array.tobytes() for array in CALLS[name](1)]
    assert any(map(len, one))
    for threads in (2, 3, 5):
        assert [array.tobytes() for array in CALLS[name](threads)] == one, threads


CHECK = """
from threaded_kernels import calls

def check():
    for name, call in calls.items():
        assert [array.tobytes() for array in call(2)] == expected[name], name
    print(threads() - before)

calls = calls()
expected = {name: [array.tobytes() for array in call(2)] for name, call in calls.items()}
"""


def test_a_fork_after_use_works_in_the_child():
    code = """
in_child(lambda: (check(), in_child(check)))
check()
"""
    assert run(CHECK + code) == ["1"] * 3  # each has its own worker


def test_a_fork_while_another_thread_is_in_a_kernel():
    """Its workers, and the locks that they hold, do not reach into the child."""
    code = """
def work():
    while not done:
        calls["lstm"](3)

done = []
worker = threading.Thread(target=work)
worker.start()
for _ in range(10):
    in_child(check)
done.append(1)
worker.join()
"""
    assert run(CHECK + code) == ["1"] * 10


@pytest.mark.parametrize("name", ["lstm", "encode"])
def test_the_interpreter_may_end_while_a_thread_is_in_a_kernel(name):
    """It comes back when the interpreter is half gone, as the last object to go takes long."""
    code = f"""
from threaded_kernels import calls

class Slow:
    def __del__(self, sleep=time.sleep, write=os.write):
        sleep(0.5)
        write(1, b"end")

def work(call):
    while True:
        call(2)
        entered.set()

entered, sys.slow = threading.Event(), Slow()
threading.Thread(target=work, args=[calls()[{name!r}]], daemon=True).start()
entered.wait()
"""
    assert run(code) == ["end"]


def test_importing_changes_no_setting():
    code = """
import locale
from numpy.random import get_state

def settings():
    signals = [signal.getsignal(number) for number in signal.valid_signals()]
    subnormal = float(numpy.float32(1e-40) * numpy.float32(0.5))  # 0 where they are flushed
    return [
        dict(os.environ), signals, subnormal, numpy.geterr(), locale.setlocale(locale.LC_ALL),
        os.sched_getaffinity(0), sys.getswitchinterval(), sys.getrecursionlimit(),
        get_state()[1].tobytes(),
    ]

found = settings()
import bothways, bothways.data, bothways.kernels, bothways.runtime, bothways.text
from threaded_kernels import calls
assert settings() == found and found[2] > 0
calls()["lstm"](2)
assert settings() == found
"""
    assert run(code) == []


def test_importing_the_layers_leaves_the_threads_of_torch():
    code = """
import sklearn, torch  # scikit-learn sets two variables
found = torch.get_num_threads(), torch.get_num_interop_threads(), dict(os.environ)
import bothways.nn, bothways.training
assert found == (torch.get_num_threads(), torch.get_num_interop_threads(), dict(os.environ))
"""
    pytest.importorskip("torch")
    assert run(code) == []
