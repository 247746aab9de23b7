"""Inference of the classic model: ONNX Runtime on the CPU."""

from concurrent.futures import ThreadPoolExecutor

import onnxruntime
from _infer import inference_peer
from _onnx import classic_onnx, feed
from _worker import serve


def session(threads):
    """Open the graph with this many threads inside an operator."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(classic_onnx(), options, providers=["CPUExecutionProvider"])


def prepare(options):
    """Batches run side by side, a thread each (faster than all threads on one); one text: all."""
    threads = options["threads"]
    single, all_threads, pool = session(1), session(threads), ThreadPoolExecutor(threads)
    return inference_peer(
        options["folder"],
        form=feed,
        together=lambda batches: list(pool.map(lambda b: single.run(None, b)[0], batches)),
        alone=lambda batch: all_threads.run(None, batch)[0],
        settings="Padded to the batch's longest, `sequence_lens`; batches side by side.",
        packages=["onnxruntime"],
    )


if __name__ == "__main__":
    serve(prepare)
