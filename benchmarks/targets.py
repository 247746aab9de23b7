"""What Bothways aims at, held against the results; nothing here is typed but the aim."""

from goals import faster, linear, memory, share, within

F32, BF16, JAX, PACKED = "Bothways", "Bothways, bf16", "Keras, JAX", "torch, packed"
FAST, ORT = "torch, padded, bf16", "ONNX Runtime"

TARGETS = [
    faster("training step, RMSprop", "train", (F32,), [(JAX,)], 35),
    faster("training step, RMSprop, beside torch packed", "train", (F32,), [(PACKED,)], 120),
    faster("training step, RMSprop, bf16", "train", (BF16,), [(JAX,)], 50),
    faster("training step, RMSprop, bf16, beside torch bf16", "train", (BF16,), [(FAST,)], 1),
    faster("training step, Adam", "adam", (F32,), [(JAX,)], 35),
    faster("our layers in Keras, torch", "keras", ("Bothways*torch",), [("Keras, torch",)], 10),
    faster("our layers in Keras, JAX", "keras", ("Bothways*JAX",), [(JAX,)], 3),
]
for size in ("hidden 128", "hidden 256", "hidden 512"):
    TARGETS += [
        faster(f"layer, {size}, bf16, beside torch bf16", "layer", (BF16, size), [(FAST, size)], 4),
        faster(f"layer, {size}, bf16, beside packed", "layer", (BF16, size), [(PACKED, size)], 25),
        faster(f"layer, {size}, f32, beside any", "layer", (F32, size), [("torch*", size)], 1),
    ]
TARGETS += [
    share("share of the matrix product, hidden 512, f32", (F32, "hidden 512"), "f32*"),
    share("share of the matrix product, hidden 512, bf16", (BF16, "hidden 512"), "bf16*"),
    faster("inference as texts come, beside sorted", "infer", (F32, "as*"), [(ORT, "sorted*")], 10),
    faster("inference as they come, bf16", "infer", (BF16, "as*"), [(ORT, "sorted*")], 10),
    faster("inference sorted by length", "infer", (F32, "sorted*"), [(ORT, "sorted*")], 10),
    faster("inference of one text", "infer", (F32, "one text"), [(ORT, "one text")], 8),
]
for preset in ("classic", "fast"):
    ours, command = (F32, preset), f"text to labels, {preset}, beside"
    TARGETS += [
        faster(f"{command}, fastText's predict", "predict", ours, [("fastText", "predict*")], 1),
        faster(f"{command}, fastText's test", "predict", ours, [("fastText", "test*")], 1),
        faster(f"{command}, TF-IDF", "predict", ours, [("TF-IDF*", "*")], 1),
    ]
TARGETS += [
    within("train command, one epoch", "epoch", (F32, "*"), [(JAX, "*")], 8),
    memory("train command, peak memory", "epoch", (F32, "*"), [(JAX, "*")]),
    memory("training step, peak memory", "train", (F32, "*"), [("*",)]),
    linear("time by length, prediction", "prediction"),
    linear("time by length, training step", "training step"),
]


def render(results):
    """Yield the table, a row for each target; what has not been measured says so."""
    yield "Times: how many times as long the best peer of that kind takes, by the medians; in"
    yield "brackets the least and the most within one round."
    yield ""
    yield "| | Bothways | best peer | times | target | reached |"
    yield "|---|---:|---|---:|---:|---|"
    for line in (target(results) for target in TARGETS):
        met = {None: "", True: "yes", False: "**no**"}[line.met]
        yield "| " + " | ".join((line.what, line.ours, line.peer, line.times, line.aim, met)) + " |"
