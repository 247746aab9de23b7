"""torch layers over ragged batches, one of them in `torch.nn.LSTM`'s place, and optimizers; they
need the `torch` extra.

On the CPU they run on Bothways' kernels, on a GPU through cuDNN's packed path.
"""

from bothways.errors import require

require("torch", extra="torch", purpose="bothways.nn")

from bothways.nn._bidirectional import Bidirectional  # noqa: E402
from bothways.nn._dropout import VariationalDropout  # noqa: E402
from bothways.nn._embedding_lstm import EmbeddingLSTM  # noqa: E402
from bothways.nn._init import glorot_uniform  # noqa: E402
from bothways.nn._lstm import LSTM  # noqa: E402
from bothways.nn._ops import lstm  # noqa: E402
from bothways.nn._optim import Adam, AdamW, RMSprop  # noqa: E402
from bothways.nn._pooling import Pool  # noqa: E402
from bothways.nn._ragged import RaggedTensor, as_ragged  # noqa: E402
from bothways.nn._replace import replace  # noqa: E402
from bothways.nn._stack import States  # noqa: E402
from bothways.nn._threads import kernel_threads, use_threads  # noqa: E402

__all__ = [
    "LSTM",
    "Adam",
    "AdamW",
    "Bidirectional",
    "EmbeddingLSTM",
    "Pool",
    "RMSprop",
    "RaggedTensor",
    "States",
    "VariationalDropout",
    "as_ragged",
    "glorot_uniform",
    "kernel_threads",
    "lstm",
    "replace",
    "use_threads",
]
