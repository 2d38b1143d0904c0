"""A computation on the GPU, recorded once and replayed in one launch.

A step of a network this small is hundreds of short kernels, and launching each from Python takes
longer than it runs. A CUDA graph launches them all at once.

Tests need no GPU; on one, `torture/gpu.py` trains through it, and the chapter "Hard to break" has
how fast.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

WARM_UP = 3  # runs before the recording, as torch asks for


def record(run: Callable[[], None]) -> Callable[[], None]:
    """Record the kernels that `run` launches; what is returned launches them again."""
    stream = torch.cuda.Stream()  # torch wants the warm-up on another than the default stream
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


class Recorded:
    """`compute`, which finds the gradients of a batch and returns its loss, as a recording.

    A recording is for batches of the size of `batch`, (n,) positions of beats; others are computed.
    It reads and writes fixed places in memory: gradients may be zeroed, but never be set to None,
    and a loss must be used before the next is asked for. Recording leaves the model's buffers, such
    as the statistics of batch normalisation, and the random numbers as they were.
    """

    def __init__(
        self, compute: Callable[[Tensor], Tensor], batch: Tensor, model: nn.Module, record=record
    ):
        self.compute, self.batch = compute, batch.clone()
        before = [buffer.clone() for buffer in model.buffers()]
        with torch.random.fork_rng([batch.device] if batch.is_cuda else []):
            self.replay = record(self._run)
        for buffer, value in zip(model.buffers(), before, strict=True):
            buffer.copy_(value)

    def _run(self) -> None:
        self.loss = self.compute(self.batch)

    def __call__(self, batch: Tensor) -> Tensor:
        if len(batch) != len(self.batch):
            return self.compute(batch)
        self.batch.copy_(batch)
        self.replay()
        return self.loss
