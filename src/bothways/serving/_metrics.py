"""What the service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """The counters of one service. No label comes from what a client sent."""

    def __init__(self, waiting: Callable[[], float], held: Callable[[], float]) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self.texts = self._counter("texts", "Texts answered.", "model")
        self.reloads = self._counter("reloads", "Folders read again.", "model", "outcome")
        self._requests = self._counter("requests", "Requests answered.", "path", "status")
        self._seconds = Histogram(
            "bothways_request_seconds",
            "From the head of a request to its answer.",
            ["path"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        batch = Histogram(
            "bothways_batch_texts",
            "Texts computed together.",
            buckets=_TEXTS,
            registry=self.registry,
        )
        self.gathered = batch.observe
        gauges = (("waiting", "Parts of requests that wait.", waiting),
                  ("held_bytes", "Bytes of request bodies in memory.", held))  # fmt: skip
        for name, what, value in gauges:
            Gauge(f"bothways_{name}", what, registry=self.registry).set_function(value)
        self._of: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one request of a known `path`."""
        key = path, status
        if key not in self._of:  # looking a label up costs as much as counting it
            self._of[key] = (
                self._requests.labels(path, str(status)),
                self._seconds.labels(path),
            )
        count, time = self._of[key]
        count.inc()
        time.observe(seconds)

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"bothways_{name}", what, labels, registry=self.registry)
