"""Two lines through a model at once on a CPU, each on its half of the cores.

Between the big products of a line stand passes over memory and many small products, which leave
cores idle; another line's products use them meanwhile.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from abrege.compute.batching import assign_to_streams
from abrege.compute.micro_batch import MicroBatch

STREAMS = 2


class StreamPool:
    """Adds up the gradients of lines that pass through one model side by side.

    Which lane takes which line follows from their lengths alone, and sums are taken in a fixed
    order: the same lines give the same gradients, bit for bit.
    """

    def __init__(self, threads: int) -> None:
        self.pool = ThreadPoolExecutor(
            STREAMS, "lane", initializer=torch.set_num_threads, initargs=(threads // STREAMS,)
        )

    def add_gradients(
        self,
        model: nn.Module,
        lines: Sequence[MicroBatch],
        loss_of: Callable[[MicroBatch], Tensor],
    ) -> Tensor:
        """Add the gradient of the lines' losses onto that of the model; return their sum, ().

        loss_of  called for each line on the thread of its lane
        """
        learning = [p for p in model.parameters() if p.requires_grad]

        def gradients(lane: Sequence[MicroBatch]) -> tuple[Tensor, list[Tensor]]:
            total, sums = torch.zeros(()), list[Tensor]()
            for line in lane:
                loss = loss_of(line)
                found = torch.autograd.grad(loss, learning)
                if sums:
                    torch._foreach_add_(sums, found)
                else:  # the first line's stand for the sum: in full tuning, zeros cost a pass
                    sums = [g if g.is_contiguous() else g.contiguous() for g in found]
                total += loss.detach()
            return total, sums

        lanes = [lane for lane in assign_to_streams(lines, STREAMS) if lane]
        total = torch.zeros(())
        for lane in [self.pool.submit(gradients, lane) for lane in lanes]:
            loss, sums = lane.result()
            total += loss
            for parameter, gradient in zip(learning, sums, strict=True):
                parameter.grad = (
                    gradient if parameter.grad is None else parameter.grad.add_(gradient)
                )
        return total
