"""The results as one page of Markdown: the targets first, then a part for each section."""

import targets
from figures import EXACT, measured, ratio, reason, short, spread
from peers import SECTIONS


def render(results):
    """Return the page; each part has its own machine, date and command."""
    parts = ["# Bothways beside its peers", "", *targets.render(results), ""]
    for name, record in results.items():
        section = SECTIONS[name]
        rows = [row for row in record["rows"] if not row["gauge"]]
        body = wide(section, rows) if section.wide else tall(section, rows)
        parts += [f"## {section.title}", "", section.about.strip(), "", _conditions(record), ""]
        parts += [*body, "", *_gauges(record), "How each is set:", ""]
        parts += [*_settings(record["rows"]), ""]
    return "\n".join(parts).rstrip() + "\n"


def wide(section, rows):
    """A row for each competitor, two columns for each task."""
    tasks = list(dict.fromkeys(row["task"] for row in rows if row["task"]))
    heads = []
    for task in tasks:
        unit = section.unit_of(task).name
        heads += [f"{task}, {unit}" if len(tasks) > 1 else f"{unit} a {task}", "times ours"]
    heads += [COLUMNS[name][0] for name in section.columns]
    yield from _heads(heads)
    ours = {task: _ours(rows, task) for task in tasks}
    by_label = {}
    for row in sorted(rows, key=lambda row: row.get("median_seconds", float("inf"))):
        by_label.setdefault(row["label"], []).append(row)
    for label, mine in by_label.items():
        if mine[0]["failed"]:
            yield _failed(label, mine[0], len(heads))
            continue
        cells = []
        for task in tasks:
            row = next(row for row in mine if row["task"] == task)
            cells += [spread(row, section.unit_of(task)), _times(row, ours[task])]
        cells += [COLUMNS[name][1](mine) for name in section.columns]
        yield _line(label, mine[0], cells)


def tall(section, rows):
    """A row for each task of each competitor."""
    ours = _ours(rows, section.against)
    heads = [section.unit.name] + (["times ours"] if section.against else [])
    heads += [COLUMNS[name][0] for name in section.columns]
    yield from _heads(heads)
    for row in sorted(rows, key=lambda row: (not row["ours"], row["label"])):
        name = ", ".join(filter(None, (row["label"], row["task"])))
        if row["failed"]:
            yield _failed(name, row, len(heads))
            continue
        cells = [spread(row, section.unit)] + ([_times(row, ours)] if section.against else [])
        yield _line(name, row, cells + [COLUMNS[column][1]([row]) for column in section.columns])


def _exact(rows):
    worst = max(row["difference"] for row in rows)
    return f"{'yes' if worst < EXACT else 'no'}, {worst:.0e}"


COLUMNS = {
    "difference": ("exact, largest difference", _exact),
    "peak_bytes": ("peak memory, MiB", lambda rows: short(rows[0]["peak_bytes"] / 2**20)),
    "growth_bytes": ("more memory, MiB", lambda rows: short(rows[0]["growth_bytes"] / 2**20)),
    "accuracy": ("accuracy", lambda rows: f"{rows[0]['accuracy']:.2%}"),
    "train_seconds": ("of them until trained", lambda rows: short(rows[0]["train_seconds"])),
}


def _heads(heads):
    return "| | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)


def _line(name, row, cells):
    name = f"**{name}**" if row["ours"] else name
    return f"| {name} | " + " | ".join(cells) + " |"


def _failed(name, row, columns):
    return _line(name, row, [f"failed: {reason(row)}"] + [""] * (columns - 1))


def _ours(rows, task):
    """Our first row for the task, if it has a figure."""
    row = next((row for row in rows if row["ours"] and row["task"] == task), {})
    return row if "median_seconds" in row else None


def _times(row, ours):
    return short(ratio(row, ours)[0]) if ours else ""


def _gauges(record):
    """What the machine itself can do, by the best turn."""
    gauges = [row for row in measured(record) if row["gauge"]]
    if gauges:
        peaks = (f"{r['task']} {1e-9 / r['least_seconds']:,.0f} GFLOP/s" for r in gauges)
        yield f"{gauges[0]['label'].capitalize()}: {'; '.join(peaks)}."
        yield ""


def _conditions(record):
    machine = record["machine"]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {record['options']['threads']} used "
        f"({', '.join(machine['instructions'])}), {machine['memory_bytes'] / 2**30:.0f} GiB, "
        f"Python {machine['python']}; load {machine['load_before']} before the start. "
        f"{record['date']}, `{record['command']}`: everyone in turn, "
        "medians of the rounds, least and most in brackets. Of one core, workers waiting for "
        f"their turn took {record['sleepers_cpu_share']:.1%}, strangers to this run "
        f"{record['strangers_cpu_share']:.1%}."
    )


def _settings(rows):
    """A line for each peer: versions and settings, once."""
    lines = {}
    for row in rows:
        versions = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        lines[row["label"]] = f"- {row['label']}: {versions or 'not started'}. {row['settings']}"
    return list(lines.values())
