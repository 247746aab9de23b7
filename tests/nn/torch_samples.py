"""What PyTorch tests its LSTM with, on both classes; a program, since its testing module changes
settings of the whole process.

A sample is arguments for the constructor and for the call, and a reference that says what the
call gives: that of a batch of one.
"""

import warnings

import torch
from torch import nn
from torch.testing._internal.common_modules import module_db
from twins import assert_close, run

from bothways.nn import LSTM

INFO = next(info for info in module_db if info.module_cls is nn.LSTM)


def check(sample, dtype, training):
    how, fed = sample.constructor_input, sample.forward_input
    theirs, ours = (kind(*how.args, **how.kwargs, dtype=dtype) for kind in (nn.LSTM, LSTM))
    theirs.load_state_dict(ours.state_dict())
    theirs.train(training), ours.train(training)
    assert_close(run(ours, *fed.args), run(theirs, *fed.args))
    output, states = ours(*fed.args, **fed.kwargs)
    expected = sample.reference_fn(ours, *fed.args, **fed.kwargs)
    assert_close([output, *states], [expected[0], *expected[1]])


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="bothways.nn.LSTM runs through torch's own LSTM")
    count = 0
    for dtype in (torch.float32, torch.float64):
        for training in (True, False):
            samples = INFO.module_inputs_func(
                INFO, device="cpu", dtype=dtype, requires_grad=True, training=training
            )
            for sample in samples:
                check(sample, dtype, training)
                count += 1
    print(count, "samples")
