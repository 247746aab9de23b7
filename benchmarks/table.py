"""The results as one page of Markdown."""

EXACT = 1e-5  # a larger difference in a probability than rounding in float32 can explain


def render(results, titles):
    """Return the page: a part for each section, each with its own machine, date and command."""
    parts = ["# Bothways beside its peers", ""]
    for name, section in results.items():
        parts += [f"## {titles[name]}", "", HEADS[name].strip(), ""]
        parts += [_conditions(section), ""]
        parts += [*ROWS[name](section["rows"]), ""]
        parts += ["How each is set:", "", *_settings(section["rows"]), ""]
    return "\n".join(parts).rstrip() + "\n"


HEADS = {
    "train": """
Vocabulary 20,000, texts cut at 600 tokens, embedding 256, 32 units each way, dropout 0.5, RMSprop,
IMDB in batches of 32 as they come. The difference is the largest, over a batch, between the
model's probability under one set of first weights and a float64 reading of each text alone: a
model that reads the padding shows there. The memory is the process's peak, libraries included.
""",
    "infer": """
Ids in hand, 2,048 held-out texts cut at 600 tokens. Padding is done beforehand and not timed.
The difference is as above.
""",
    "job": """
20,000 labelled IMDB reviews in, the accuracy on 5,000 held out (stratified, seed 0) out. Reading
the file, preparing text, training and judging all count; starting Python counts for Bothways
alone, which is run as a command.
""",
}


def _conditions(section):
    machine = section["machine"]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {section['options']['threads']} used "
        f"({', '.join(machine['instructions'])}), {machine['memory_bytes'] / 2**30:.0f} GiB, "
        f"Python {machine['python']}; load {machine['load_before']} before the start. "
        f"{section['date']}, `{section['command']}`: everyone in turn, "
        "medians of the rounds, least and most in brackets. Of one core, workers waiting for "
        f"their turn took {section['sleepers_cpu_share']:.1%}, strangers to this run "
        f"{section['strangers_cpu_share']:.1%}."
    )


def _settings(rows):
    """A line for each peer: versions and settings, once."""
    lines = {}
    for row in rows:
        versions = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        lines[row["label"]] = f"- {row['label']}: {versions or 'not started'}. {row['settings']}"
    return list(lines.values())


def _train(rows):
    yield "| | ms a step | times ours | exact about padding | peak memory, MiB |"
    yield "|---|---:|---:|---|---:|"
    ours = next((row.get("median_seconds") for row in rows if row["ours"]), None)
    for row in ordered(rows):
        if row["failed"]:
            yield f"| {_name(row)} | failed: {_reason(row)} | | | |"
            continue
        times = f"{row['median_seconds'] / ours:.1f}" if ours else ""
        yield (
            f"| {_name(row)} | {_spread(row, lambda s: 1e3 * s)} | {times} "
            f"| {_exact(row)} | {row['peak_bytes'] / 2**20:,.0f} |"
        )


def _infer(rows):
    tasks = list(dict.fromkeys(row["task"] for row in rows if row["task"]))
    yield (
        "| | " + " | ".join(f"{task}, texts/s" for task in tasks) + " | exact in a batch | alone |"
    )
    yield "|---|" + "---:|" * len(tasks) + "---|---|"
    for label in dict.fromkeys(row["label"] for row in rows):
        mine = [row for row in rows if row["label"] == label]
        if mine[0]["failed"]:
            yield f"| {_name(mine[0])} | failed: {_reason(mine[0])} |" + " |" * (len(tasks) + 1)
            continue
        cells = [_spread(row, lambda s: 1 / s) for row in mine]
        worst = max(mine[:-1], key=lambda row: row["difference"])
        exact = f"{_exact(worst)} | {_exact(mine[-1])}"
        yield f"| {_name(mine[0])} | " + " | ".join(cells) + f" | {exact} |"


def _job(rows):
    yield "| | accuracy | seconds in all | of them until trained |"
    yield "|---|---:|---:|---:|"
    for row in sorted(rows, key=lambda row: -row.get("accuracy", 0)):
        if row["failed"]:
            yield f"| {_name(row)} | | failed: {_reason(row)} | |"
            continue
        total = _spread(row, float)
        yield f"| {_name(row)} | {row['accuracy']:.2%} | {total} | {row['train_seconds']:.1f} |"


ROWS = {"train": _train, "infer": _infer, "job": _job}


def ordered(rows):
    """Fastest first, failures last."""
    return sorted(rows, key=lambda row: row.get("median_seconds", float("inf")))


def _name(row):
    name = row["label"]
    if row["task"] and "difference" in row and row["difference"] is None:
        name += f", {row['task']}"
    return f"**{name}**" if row["ours"] else name


def _reason(row):
    """The failure in one line that cannot break the table."""
    return row["failed"].splitlines()[0].replace("|", "\\|")[:160]


def _spread(row, scale):
    """Median, and the least and most of the rounds, each in the unit that `scale` makes."""
    low, high = sorted(map(scale, (row["least_seconds"], row["most_seconds"])))
    return f"{_short(scale(row['median_seconds']))} ({_short(low)} to {_short(high)})"


def _short(number):
    """Three figures: 0.123, 1.23, 12.3, 123, 1,234."""
    return f"{number:,.{max(0, 2 - len(str(int(number))) + (number >= 1))}f}"


def _exact(row):
    difference = row["difference"]
    return f"{'yes' if difference < EXACT else 'no'}, {difference:.0e}"
