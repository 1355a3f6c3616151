"""Streams: several packed sequences pass through a model at once, each on its share of the cores.

Between the large products of one sequence lie passes over memory and many small products, which
leave cores idle; the products of another sequence use them meanwhile.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from abrege.compute.batching import assign_to_streams
from abrege.compute.micro_batch import MicroBatch

STREAMS = 2


class StreamPool:
    """Threads that compute the gradients of packed micro-batches side by side and add them up.

    Which stream computes which micro-batch follows from the lengths alone, and sums are taken in a
    fixed order: the same micro-batches give the same gradients, bit for bit.
    """

    def __init__(self, threads: int) -> None:
        self.pool = ThreadPoolExecutor(
            STREAMS, "stream", initializer=torch.set_num_threads, initargs=(threads // STREAMS,)
        )

    def add_gradients(
        self,
        model: nn.Module,
        batches: Sequence[MicroBatch],
        loss_of: Callable[[MicroBatch], Tensor],
    ) -> Tensor:
        """Add the gradients of all losses to those of the model; return the sum of losses, ().

        loss_of  called for each micro-batch, on the thread of its stream
        """
        trainable = [p for p in model.parameters() if p.requires_grad]

        def stream_gradients(stream: Sequence[MicroBatch]) -> tuple[Tensor, list[Tensor]]:
            total, sums = torch.zeros(()), list[Tensor]()
            for batch in stream:
                loss = loss_of(batch)
                # an expert that no token is routed to has no part in the loss
                gradients = torch.autograd.grad(
                    loss, trainable, allow_unused=True, materialize_grads=True
                )
                if sums:
                    for summed, gradient in zip(sums, gradients, strict=True):
                        summed.add_(gradient)
                else:  # no sum that begins with zeros: in full tuning they cost a pass
                    sums = [g if g.is_contiguous() else g.contiguous() for g in gradients]
                total += loss.detach()
            return total, sums

        streams = [stream for stream in assign_to_streams(batches, STREAMS) if stream]
        total = torch.zeros(())
        for future in [self.pool.submit(stream_gradients, stream) for stream in streams]:
            loss, sums = future.result()
            total += loss
            for parameter, gradient in zip(trainable, sums, strict=True):
                parameter.grad = (
                    gradient if parameter.grad is None else parameter.grad.add_(gradient)
                )
        return total
