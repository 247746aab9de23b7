"""Who is compared with whom. A `Peer` here is one worker process of a file in `versus/`."""

from section import MICROSECONDS, MILLISECONDS, SECONDS, TEXTS, TOKENS, Peer, Section

F32, BF16 = {"precision": "f32"}, {"precision": "bf16"}
TRAINERS = (
    Peer("bothways_train", "Bothways", ours=True, options=F32),
    Peer("bothways_train", "Bothways, bf16", ours=True, options=BF16),
    Peer("keras_jax", "Keras, JAX"),
    Peer("keras_tensorflow", "Keras, TensorFlow"),
    Peer("keras_torch", "Keras, torch"),
    Peer("torch_packed", "torch, packed"),
    Peer("torch_padded", "torch, padded"),
    Peer("torch_bf16", "torch, padded, bf16"),
)
OURS_IN_KERAS = {"layers": "bothways.keras"}
CLASSIC = """
Vocabulary 20,000, texts cut at 600 tokens, embedding 256, 32 units each way, dropout 0.5, IMDB in
batches of 32 as they come. The difference is the largest, over a batch, between the model's
probability under one set of first weights and a float64 reading of each text alone: a model that
reads the padding, or rounds its products to bfloat16, shows there. The memory is the process's
peak, libraries included.
"""

SECTIONS = {
    "train": Section(
        title="Training step of the classic model, RMSprop",
        about=CLASSIC,
        peers=TRAINERS,
        unit=MILLISECONDS,
        wide=True,
        columns=("difference", "peak_bytes"),
        options={"optimizer": "RMSprop"},
        items=0,
    ),
    "adam": Section(
        title="Training step of the classic model, Adam",
        about="As above; Adam moves every row of the embedding in every step.",
        peers=TRAINERS,
        unit=MILLISECONDS,
        wide=True,
        columns=("difference", "peak_bytes"),
        options={"optimizer": "Adam"},
        items=0,
    ),
    "keras": Section(
        title="The classic model in Keras, two names changed",
        about="""
The same program on the same backend, with Keras's LSTM and Bidirectional, or with those of
`bothways.keras`; all else is Keras's own, the dense embedding and its optimizer too.
""",
        peers=(
            Peer("keras_torch", "Bothways in Keras, torch", ours=True, options=OURS_IN_KERAS),
            Peer("keras_torch", "Keras, torch"),
            Peer("keras_jax", "Bothways in Keras, JAX", ours=True, options=OURS_IN_KERAS),
            Peer("keras_jax", "Keras, JAX"),
        ),
        unit=MILLISECONDS,
        wide=True,
        columns=("difference", "peak_bytes"),
        options={"optimizer": "RMSprop"},
        items=0,
    ),
    "layer": Section(
        title="One bidirectional layer, forward and backward",
        about="""
Input 300, batches of 32 with the lengths of IMDB reviews cut at 600; the gradients of the input and
of every weight. Real tokens count, padding does not. The difference is the largest between an
output for the batch's shortest texts and a float64 reading of each alone.
""",
        peers=(
            Peer("bothways_layer", "Bothways", ours=True, options=F32),
            Peer("bothways_layer", "Bothways, bf16", ours=True, options=BF16),
            Peer("bothways_layer_packed", "Bothways, packed", ours=True),
            Peer("torch_layer_packed", "torch, packed"),
            Peer("torch_layer_padded", "torch, padded"),
            Peer("torch_layer_bf16", "torch, padded, bf16"),
            Peer("matrix_product", "square matrix product", gauge=True),
        ),
        unit=TOKENS,
        wide=True,
        columns=("difference",),
        warm=0,
        at_least=1.0,
        rounds=5,
    ),
    "infer": Section(
        title="Inference of the classic model",
        about="""
Ids in hand, 2,048 held-out texts cut at 600 tokens, in batches of 32 or one by one; of one text the
median time until its answer. Padding is done beforehand and not timed. The difference is as above.
""",
        peers=(
            Peer("bothways_infer", "Bothways", ours=True, options=F32),
            Peer("bothways_infer", "Bothways, bf16", ours=True, options=BF16),
            Peer("onnxruntime_infer", "ONNX Runtime"),
            Peer("openvino_infer", "OpenVINO"),
        ),
        unit=TEXTS,
        units={"one text": MICROSECONDS},
        wide=True,
        columns=("difference",),
    ),
    "predict": Section(
        title="From raw text to labels: the whole command",
        about="""
From a saved model and a file of 25,000 reviews, one a line, to a file with a label a line: the wall
clock of the process, from its start to its end. fastText has no command in its wheel: `predict`
reads the lines in Python and prints the labels; `test` reads the file in C++ and prints a number.
""",
        peers=(
            Peer("bothways_predict", "Bothways", ours=True),
            Peer("fasttext_predict", "fastText"),
            Peer("sklearn_predict", "TF-IDF + logistic regression"),
        ),
        unit=SECONDS,
        against="classic",
        columns=("peak_bytes",),
        warm=0,
        at_least=0.0,
        rounds=5,
    ),
    "epoch": Section(
        title="The whole training command, one epoch",
        about="""
From the raw Parquet file of 25,000 reviews to the saved classic model: read, hold out a fifth,
learn 20,000 words, one epoch of RMSprop, validate, save. The wall clock and peak memory of the
process.
""",
        peers=(
            Peer("bothways_epoch", "Bothways", ours=True, options=F32),
            Peer("bothways_epoch", "Bothways, bf16", ours=True, options=BF16),
            Peer("keras_jax_epoch", "Keras, JAX", rounds=2),
        ),
        unit=SECONDS,
        wide=True,
        columns=("peak_bytes", "accuracy"),
        warm=0,
        at_least=0.0,
        rounds=5,
    ),
    "job": Section(
        title="From the raw file to the accuracy",
        about="""
20,000 labelled IMDB reviews in, the accuracy on 5,000 held out (stratified, seed 0) out. Reading
the file, preparing text, training and judging all count; starting Python counts for Bothways
alone, which is run as a command.
""",
        peers=(
            Peer("bothways_job", "Bothways", ours=True),
            Peer("sklearn_tfidf", "TF-IDF + logistic regression"),
            Peer("fasttext_job", "fastText"),
        ),
        unit=SECONDS,
        against="fast",
        columns=("accuracy", "train_seconds"),
        warm=0,
        at_least=0.0,
        rounds=3,
    ),
    "length": Section(
        title="Time and memory by length",
        about="""
One text of 10 to 100,000 tokens through the classic model, uncut: a prediction, a training step,
and one that keeps a state every 256 tokens and computes the rest again. The memory is what the
process's peak grows by when it first does this.
""",
        peers=(Peer("bothways_length", "Bothways", ours=True),),
        unit=MILLISECONDS,
        columns=("growth_bytes",),
        at_least=0.2,
    ),
}
