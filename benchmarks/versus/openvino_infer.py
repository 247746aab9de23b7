"""Inference of the classic model: OpenVINO on the CPU, from the same ONNX graph.

Its LSTM is given `sequence_lens` and reads the padding all the same: see the differences. Its
default precision is bfloat16 where the CPU has it, which is faster than float32 and left on.
"""

import openvino
from _infer import inference_peer
from _onnx import classic_onnx, feed
from _worker import serve


def prepare(options):
    """Batches: the throughput hint and a queue of requests; one text: the latency hint."""
    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": options["threads"]})
    model = core.read_model(classic_onnx())
    request = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    precision = request.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    request = request.create_infer_request()
    queue = openvino.AsyncInferQueue(
        core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"})
    )
    answers = {}

    def keep(done, k):
        answers[k] = done.get_output_tensor(0).data.copy()

    queue.set_callback(keep)

    def together(batches):
        for k, batch in enumerate(batches):
            queue.start_async(batch, k)
        queue.wait_all()
        return [answers.pop(k) for k in range(len(batches))]

    return inference_peer(
        options["folder"],
        form=feed,
        together=together,
        alone=lambda batch: request.infer(batch)[0].copy(),
        settings=f"Padded to the batch's longest, `sequence_lens`; request queue; {precision}.",
        packages=["openvino"],
    )


if __name__ == "__main__":
    serve(prepare)
