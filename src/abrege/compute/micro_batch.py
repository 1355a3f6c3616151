"""Micro-batches and optimizer steps as values: tensors with their shapes, and what they count."""

from dataclasses import dataclass

from torch import Tensor

IGNORE = -100  # ignore_index of cross_entropy: a label that does not count in the loss


@dataclass(frozen=True)
class PackedSequence:
    """How several rows are packed into one sequence.

    position_ids   (1, tokens)  int64; the position of each token within its own row
    prefix_length               tokens at the front that all rows share; they are computed once
    lengths                     tokens of each row after the prefix
    """

    position_ids: Tensor
    prefix_length: int
    lengths: list[int]


@dataclass(frozen=True)
class Seq2SeqInputs:
    """Inputs of an encoder-decoder, without the encoder's tokens and the labels.

    attention_mask     (batch, length)  int64; 1 over the prompt, 0 over padding
    decoder_input_ids  (batch, labels)  int64; the labels shifted right as the model does it
    packed_lengths     tokens of each row, of the encoder and of the decoder, where rows are packed
    """

    attention_mask: Tensor | None
    decoder_input_ids: Tensor
    packed_lengths: tuple[list[int], list[int]] | None = None


@dataclass(frozen=True)
class MicroBatch:
    """Rows that pass through the model together: padded on the right, or packed.

    ids        ids of the rows
    input_ids  (batch, length) or (1, tokens)  int64; a causal model needs no mask: it never looks
               right, and padding has no label, so that any padding token will do
    labels     the same shape, or (batch, longest summary) of an encoder-decoder  int64; token ids
               of the summary, IGNORE elsewhere
    packed     how rows are packed; None where they are padded
    seq2seq    further inputs of an encoder-decoder
    """

    ids: tuple[str, ...]
    input_ids: Tensor
    labels: Tensor
    packed: PackedSequence | None = None
    seq2seq: Seq2SeqInputs | None = None

    @property
    def summary_tokens(self) -> int:
        """Count the tokens that have a label."""
        return int((self.labels != IGNORE).sum())


@dataclass(frozen=True)
class OptimizerStep:
    """The micro-batches of one optimizer step on this process.

    tokens  of prompts and summaries, without padding
    """

    micro_batches: tuple[MicroBatch, ...]
    tokens: int

    @property
    def summary_tokens(self) -> int:
        """Count the labels of all micro-batches."""
        return sum(batch.summary_tokens for batch in self.micro_batches)
