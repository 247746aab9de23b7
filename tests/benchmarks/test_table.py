"""The benchmark's page says what the results say: ratios, targets, failures, what is missing."""

import sys
from pathlib import Path
from statistics import median

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MODULES = ("table", "targets", "goals", "figures", "peers", "section")


@pytest.fixture
def render(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in MODULES:  # another module of that name must not answer, nor these stay behind
        monkeypatch.delitem(sys.modules, name, raising=False)
    import table

    yield table.render
    for name in MODULES:
        sys.modules.pop(name, None)


def row(label, seconds, *, ours=False, difference=1e-8, failed=None):
    """One peer's row in `train`, with `seconds` of a step in each round."""
    figures = {} if failed else {
        "unit_seconds": seconds,
        "median_seconds": median(seconds),
        "least_seconds": min(seconds),
        "most_seconds": max(seconds),
        "peak_bytes": 512 * 2**20,
        "difference": difference,
    }  # fmt: skip
    own = {"label": label, "ours": ours, "gauge": False, "task": "" if failed else "step"}
    return own | {"failed": failed, "settings": "As usual.", "versions": {"x": "1"}} | figures


def results(*rows):
    machine = {
        "processor": "CPU",
        "cores": 2,
        "instructions": ["avx2"],
        "memory_bytes": 2**34,
        "python": "3.11",
        "load_before": 0.1,
    }
    conditions = {"date": "2026-01-01", "command": "run", "options": {"threads": 2}}
    shares = {"sleepers_cpu_share": 0.0, "strangers_cpu_share": 0.01}
    return {"train": {"machine": machine, "rows": list(rows), **conditions, **shares}}


def lines(page, start):
    return [line for line in page.splitlines() if line.startswith(start)]


OURS = row("Bothways", [0.004, 0.005, 0.010], ours=True)


def test_ratios_are_of_medians_and_of_each_round(render):
    page = render(results(OURS, row("Keras, JAX", [0.2, 0.2, 0.2])))
    assert lines(page, "| training step, RMSprop |") == [
        "| training step, RMSprop | 5.00 ms | Keras, JAX 200 ms | 40.0 (20.0 to 50.0) "
        "| 35 times | yes |"
    ]
    assert lines(page, "| Keras, JAX |") == [
        "| Keras, JAX | 200 (200 to 200) | 40.0 | yes, 1e-08 | 512 |"
    ]


def test_a_missed_target_says_no(render):
    page = render(results(OURS, row("Keras, JAX", [0.17, 0.17, 0.17])))
    assert lines(page, "| training step, RMSprop |")[0].endswith("| 35 times | **no** |")


def test_who_reads_padding_is_not_exact(render):
    page = render(results(OURS, row("torch, padded", [0.1] * 3, difference=1e-2)))
    assert "| no, 1e-02 |" in lines(page, "| torch, padded |")[0]


def test_failures_and_gaps_are_shown(render):
    page = render(results(row("Bothways", [], ours=True, failed="Bad | worse\nmore"), OURS | {
        "label": "Keras, JAX", "ours": False
    }))  # fmt: skip
    assert lines(page, "| **Bothways** |")[0].startswith("| **Bothways** | failed: Bad \\| worse |")
    assert "no figure" in lines(page, "| training step, RMSprop |")[0]
    assert "not measured" in lines(page, "| train command, one epoch |")[0]
