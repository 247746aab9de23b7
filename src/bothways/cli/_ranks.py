"""train under a launcher: the processes that share a training, of which the first one speaks."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from bothways.errors import RanksError

if TYPE_CHECKING:
    from rich.console import Console

    from bothways.training import Launch, Ranks, UnfinishedRun


class Team(NamedTuple):
    """This process among those of the training: alone if `ranks` is None."""

    ranks: Ranks | None
    place: Launch | None

    @property
    def leads(self) -> bool:
        """Does this process speak, write the model and keep the unfinished run?"""
        return self.ranks is None or self.ranks.rank == 0

    @property
    def restarted(self) -> bool:
        """Has the launcher started it again after a failure? It goes on then, untold."""
        if self.ranks is not None:
            return self.ranks.restarts > 0
        return self.place is not None and self.place.restarts > 0

    def threads(self, given: int | None) -> int | None:
        """As given, or this process's part of the cores of its host."""
        if given is not None or self.place is None:
            return given
        from bothways.kernels import default_threads

        return max(1, default_threads() // self.place.local_size)

    def console(self) -> Console:
        """The one for messages; those of the others are not shown."""
        from bothways.cli._output import messages

        console = messages()
        console.quiet = not self.leads
        return console

    @contextmanager
    def run(self, out: str, console: Console, **how: Any) -> Iterator[UnfinishedRun | None]:
        """The unfinished run beside the model, which the first process alone keeps."""
        from bothways.training import UnfinishedRun

        if not self.leads:
            yield None
            return
        with UnfinishedRun(out, warn=console.print, **how) as run:
            try:
                yield run
            except (KeyboardInterrupt, RanksError):
                if run.is_kept:
                    console.print(f"{run.path} is kept: the same command with --resume goes on")
                raise


@contextmanager
def joined(place: Launch | None, device: str) -> Iterator[Team]:
    """The processes of the launcher; alone without one.

    SIGTERM, by which a launcher ends the others when one fails, becomes a `KeyboardInterrupt`, of
    which the reason is told. The first one is enough: a process that is ending is left to end.
    """
    if place is None or place.size == 1:
        yield Team(None, place)
        return
    from bothways.training import join_ranks

    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with join_ranks(device) as ranks:
            yield Team(ranks, place)
    except BaseException:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
