"""The kinds of targets: each function here makes one, which turns results into a `Line`."""

from dataclasses import dataclass
from math import log

from figures import measured, ratio, short
from peers import SECTIONS


@dataclass(frozen=True)
class Line:
    """One row: what it is, our figure, the best peer's, how they compare, the aim, whether met."""

    what: str
    ours: str
    peer: str = ""
    times: str = ""
    aim: str = ""
    met: bool | None = None


def faster(what, section, ours, peers, times):
    """The fastest of `peers`, (label, task) patterns, must take `times` as long as `ours`."""

    def line(results):
        us, peer = _pair(results, section, ours, peers)
        aim = f"{times:g} times" if times > 1 else "no slower"
        if not us or not peer:
            return Line(what, _missing(results, section), aim=aim)
        middle, least, most = ratio(peer, us)
        shown = f"{short(middle)} ({short(least)} to {short(most)})"
        figures = _figure(section, us), _figure(section, peer)
        return Line(what, *figures, shown, aim, middle >= times)

    return line


def within(what, section, ours, peers, seconds):
    """`ours` must take less than `seconds`; the peer is for comparison."""

    def line(results):
        us, peer = _pair(results, section, ours, peers)
        aim = f"under {seconds:g} s"
        if not us:
            return Line(what, _missing(results, section), aim=aim)
        beside = (_figure(section, peer), short(ratio(peer, us)[0])) if peer else ("", "")
        return Line(what, _figure(section, us), *beside, aim, us["median_seconds"] < seconds)

    return line


def memory(what, section, ours, peers):
    """The peak memory beside the smallest of the peers; no target."""

    def line(results):
        us, peer = _pair(results, section, ours, peers, "peak_bytes")
        if not us or not peer:
            return Line(what, _missing(results, section))
        times = short(peer["peak_bytes"] / us["peak_bytes"])
        return Line(what, _mebibytes(us), f"{peer['label']} {_mebibytes(peer)}", times)

    return line


def share(what, ours, products):
    """Our share of the machine's best matrix product; no target."""

    def line(results):
        us, _ = _pair(results, "layer", ours, ())
        peaks = _rows(results, "layer", ("square matrix product", products))
        if not us or not peaks:
            return Line(what, _missing(results, "layer"))
        reached = us["flop"] / us["median_seconds"]
        peak = max(1 / row["least_seconds"] for row in peaks)
        peer = f"{peaks[0]['label']} {peak / 1e9:,.0f} GFLOP/s"
        return Line(what, f"{reached / 1e9:,.0f} GFLOP/s", peer, f"{reached / peak:.0%} of it")

    return line


def linear(what, tasks, at_most=1.1):
    """The time of a text must grow with its length to a power of at most `at_most`, from 1,000."""

    def line(results):
        ends = [
            _rows(results, "length", ("Bothways", f"{tasks}, {length} tokens"))
            for length in ("1,000", "100,000")
        ]
        if not all(ends):
            return Line(what, _missing(results, "length"), aim="linear")
        power = log(ratio(ends[1][0], ends[0][0])[0]) / log(100)
        return Line(what, f"length^{power:.2f}", aim="linear", met=power <= at_most)

    return line


def _rows(results, section, pattern):
    return measured(results[section], *pattern) if section in results else []


def _pair(results, section, ours, peers, least="median_seconds"):
    """Our row, and that of the peers with the least of this; None for what was not measured."""
    mine = _rows(results, section, ours)
    others = [row for pattern in peers for row in _rows(results, section, pattern)]
    others = [row for row in others if not row["ours"]]
    return (mine or [None])[0], min(others, key=lambda row: row[least], default=None)


def _missing(results, section):
    return "no figure, see below" if section in results else "not measured"


def _figure(section, row):
    unit = SECTIONS[section].unit_of(row["task"])
    name = "" if row["ours"] else f"{row['label']} "
    return f"{name}{short(unit.figure(row['median_seconds']))} {unit.name}"


def _mebibytes(row):
    return f"{short(row['peak_bytes'] / 2**20)} MiB"
