"""One picture of the main results: two columns of panels, ourselves in colour."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import panels
from figures import measured

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.color": panels.INK,
    "axes.labelcolor": panels.SOFT,
    "axes.edgecolor": "#c5ccd3",
    "xtick.color": panels.SOFT,
    "ytick.color": panels.SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}
COLUMNS = (
    {"train": panels.train, "layer": panels.layer, "job": panels.job, "epoch": panels.epoch},
    {"infer": panels.infer, "predict": panels.predict, "length": panels.length},
)


def draw(results, path):
    """Write the picture as PNG; a section with nothing that ran gets no panel."""
    columns = []
    for names in COLUMNS:
        found = [(panel, _rows(results, name)) for name, panel in names.items()]
        columns.append([(panel, rows) for panel, rows in found if rows])
    columns = [column for column in columns if column]
    if not columns:
        return
    with plt.rc_context(STYLE):
        heights = [[panel.height(rows) for panel, rows in column] for column in columns]
        size = (7.2 * len(columns), max(map(sum, heights)) + 0.7)
        figure = plt.figure(figsize=size, layout="constrained")
        parts = figure.subfigures(1, len(columns), squeeze=False, wspace=0.03)[0]
        for part, column, ratios in zip(parts, columns, heights, strict=True):
            axes = part.subplots(len(column), height_ratios=ratios, squeeze=False)[:, 0]
            for axis, (panel, rows) in zip(axes, column, strict=True):
                panel(axis, rows)
        figure.get_layout_engine().set(h_pad=0.12)
        figure.supxlabel(_footnote(results), fontsize=9, color=panels.SOFT, x=0.01, ha="left")
        figure.savefig(path, dpi=130, facecolor="white")
        plt.close(figure)


def _rows(results, name):
    return [row for row in measured(results[name]) if not row["gauge"]] if name in results else []


def _footnote(results):
    record = next(iter(results.values()))
    machine = record["machine"]
    rows = [row for part in results.values() for row in part["rows"]]
    failed = sorted({row["label"] for row in rows if row["failed"]})
    return (
        f"{machine['processor']}, {machine['cores']} cores; {record['date']}; medians, in turns. "
        "Light: not exact, the model reads padding or rounds to bfloat16."
        + (f"\nFailed, see the table: {'; '.join(failed)}." if failed else "")
    )
