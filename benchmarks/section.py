"""What a comparison is made of. `peers.py` lists them."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Peer:
    """A competitor, or ourselves; `file` is the name of its worker without the ending.

    `options` reach the worker's `prepare`; with others the same file may take part twice.
    `rounds`: take turns in the first so many only, for who needs minutes. `gauge`: it measures
    the machine and is no competitor.
    """

    file: str
    label: str
    ours: bool = False
    options: dict[str, str] = field(default_factory=dict)
    rounds: int | None = None
    gauge: bool = False

    @property
    def name(self) -> str:
        """A name of its own in the section, for its log."""
        return "-".join([self.file, *self.options.values()])


@dataclass(frozen=True)
class Unit:
    """How a row's seconds are shown: `figure(seconds)` in the unit `name`."""

    name: str
    figure: Callable[[float], float]


MILLISECONDS = Unit("ms", lambda seconds: 1e3 * seconds)
MICROSECONDS = Unit("µs", lambda seconds: 1e6 * seconds)
SECONDS = Unit("s", lambda seconds: seconds)
TEXTS = Unit("texts/s", lambda seconds: 1 / seconds)
TOKENS = Unit("tokens/s", lambda seconds: 1 / seconds)


@dataclass(frozen=True)
class Section:
    """One comparison. A turn takes `items` items, or more until `at_least` seconds; 0: --steps.

    A figure is in `unit`, in a task of `units` in its own. `wide`: the tasks are the same for
    everyone and each has a column; otherwise each peer's task has a row, and its times are
    held against our task `against`. `columns`: further facts that the table shows.
    """

    title: str
    about: str
    peers: tuple[Peer, ...]
    unit: Unit
    units: dict[str, Unit] = field(default_factory=dict)
    wide: bool = False
    against: str | None = None
    columns: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    items: int = 1
    warm: int = 1  # items done untimed before each turn
    at_least: float = 0.5
    rounds: int | None = None  # at most

    def unit_of(self, task: str) -> Unit:
        """The unit of a task's figures."""
        return self.units.get(task, self.unit)
