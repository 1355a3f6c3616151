"""Encoder-decoders learn: loss and gradient are those of transformers' own call with labels."""

import functools

import pytest
import torch
from transformers import DataCollatorForSeq2Seq

from abrege.compute.batching import build_step, split_for_seq2seq_packing, split_seq2seq
from abrege.compute.cpu import chunked_cross_entropy as vocabulary
from abrege.compute.cpu import seq2seq_packing as two_lines
from abrege.compute.loss import summary_nll
from abrege.core.types import Pair
from abrege.prompts.prompt_format import PromptRenderer, TokenizedExample
from abrege.training import preflight, student
from abrege.training import training_args as arguments
from builders.models import a_bart, a_sided_tokenizer, a_t5
from builders.records import a_plan, a_rendering
from builders.training import tokenized_seq2seq_pairs

pytestmark = pytest.mark.model

CPU = torch.device("cpu")


def a_mt5():
    from transformers import MT5Config, MT5ForConditionalGeneration

    torch.manual_seed(0)
    return MT5ForConditionalGeneration(MT5Config(**a_t5().config.to_diff_dict()))


MODELS = {
    "t5": a_t5,
    "flan": functools.partial(a_t5, feed_forward_proj="gated-gelu", tie_word_embeddings=False),
    "mt5": a_mt5,
    "bart": a_bart,
    "mbart": functools.partial(a_bart, "MBart", decoder_start_token_id=None, pad_token_id=3),
}


def some_examples(count=7):
    torch.manual_seed(1)
    rows = []
    for n in range(count):
        prompt, summary = (
            torch.randint(4, 400, (size,)).tolist() for size in (3 + 5 * n, 1 + n % 4)
        )
        rows.append(TokenizedExample(f"e{n}", [*prompt, 1], [*summary, 1], 0, 0))
    return rows


def gradients_of(model):
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def ours(model, rows, budget, lined=False):
    model.zero_grad()
    if lined:
        assert two_lines.enable_seq2seq_packing(model)
        assert vocabulary.enable_chunked_cross_entropy(model) == (
            model.config.model_type in ("t5", "mt5")
        )
    step = build_step(
        rows,
        max_tokens=budget,
        pad_id=model.config.pad_token_id,
        streams=int(lined),
        shift_right=model.prepare_decoder_input_ids_from_labels,
    )
    head, total = model.get_output_embeddings(), 0.0
    for batch in step.micro_batches:
        loss = summary_nll(model, head, batch, CPU) / step.summary_tokens
        loss.backward()
        total += loss.item()
    return len(step.micro_batches), total, gradients_of(model)


def theirs(model, rows):
    """One batch as run_summarization makes it: padded to the longest, labels with -100."""

    class Padder:  # a tokenizer's padding, as the collator calls it
        padding_side = "right"

        def pad(self, features, **_):
            longest = max(len(f["input_ids"]) for f in features)
            pad = model.config.pad_token_id
            ids = [[*f["input_ids"], *[pad] * (longest - len(f["input_ids"]))] for f in features]
            mask = [[1] * len(f["input_ids"]) for f in features]
            mask = [[*m, *[0] * (longest - len(m))] for m in mask]
            return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}

    collate = DataCollatorForSeq2Seq(Padder(), model=model, label_pad_token_id=-100)
    batch = collate([{"input_ids": e.prompt_ids, "labels": e.summary_ids} for e in rows])
    model.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    return loss.item(), gradients_of(model)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("lined", [False, True])
@pytest.mark.parametrize("budget", [1, 60, 10**6])
def test_loss_and_gradient_are_those_of_run_summarization_however_a_step_is_cut(
    kind, budget, lined
):
    model, rows = MODELS[kind](), some_examples()
    expected, theirs_by_name = theirs(model, rows)
    batches, loss, by_name = ours(model, rows, budget, lined)
    assert (batches == 1) == (budget == 10**6)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert by_name.keys() == theirs_by_name.keys()
    for name, gradient in theirs_by_name.items():
        torch.testing.assert_close(by_name[name], gradient, rtol=1e-4, atol=1e-6)


def test_the_vocabulary_is_projected_only_where_a_summary_token_stands():
    model, rows, seen = a_t5(), some_examples(), []
    model.lm_head.register_forward_hook(lambda m, args, out: seen.append(out.shape[:2].numel()))
    ours(model, rows, budget=80)
    assert sum(seen) == sum(len(e.summary_ids) for e in rows)


def test_padding_of_both_sides_counts_against_the_budget():
    sizes = [(10, 40), (9, 1), (9, 1), (8, 1)]  # two rows beside the first make 3 × (10 + 40)
    rows = [TokenizedExample(f"{n}", [5] * p, [5] * s, 0, 0) for n, (p, s) in enumerate(sizes)]
    runs = split_seq2seq(rows, max_tokens=100)
    assert [[len(e.prompt_ids) for e in run] for run in runs] == [[10, 9], [9, 8]]
    assert [len(run) for run in split_seq2seq(rows, max_tokens=20)] == [1, 2, 1]


def test_no_line_is_longer_than_the_budget_but_for_a_row_by_itself():
    rows = [TokenizedExample(f"{n}", [5] * 4, [5] * 2, 0, 0) for n in range(3)]
    assert [len(run) for run in split_for_seq2seq_packing(rows, max_tokens=12)] == [2, 1]
    assert [len(run) for run in split_for_seq2seq_packing(rows, max_tokens=10)] == [
        1,
        1,
        1,
    ]  # 18 tokens would take 2
    assert [len(run) for run in split_for_seq2seq_packing(rows, max_tokens=1)] == [1, 1, 1]


def test_packed_attention_drops_the_given_share_of_probabilities():
    # With queries of zero all keys weigh the same; with values of one, what attention gives is
    # the sum of the probabilities that are left, each of them 1 / 40 / (1 - 0.25).
    query, key, value = (
        torch.zeros(1, 4, 40, 8),
        torch.randn(1, 4, 40, 8),
        torch.ones(1, 4, 40, 8),
    )
    how = two_lines.RowAttentionOptions(
        query_lengths=[40], key_lengths=[40], is_causal=False, scale=1.0, dropout=0.25
    )
    torch.manual_seed(0)
    left = two_lines.Seq2SeqAttention.apply(query, key, value, None, how)[..., 0] * 0.75 * 40
    torch.testing.assert_close(left, left.round())
    assert left.mean().item() / 40 == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize(
    ("own", "read", "causal"), [([2, 3], [2, 3], True), ([1, 2], [3, 2], False)]
)
def test_the_gradient_of_attention_in_a_line_is_that_of_its_differences(own, read, causal, dropout):
    torch.manual_seed(0)
    how = two_lines.RowAttentionOptions(
        query_lengths=own, key_lengths=read, is_causal=causal, scale=0.7, dropout=dropout
    )
    sizes = [(1, 2, sum(own), 4), (1, 2, sum(read), 4), (1, 2, sum(read), 4), (1, 2, 3, 3)]
    inputs = [torch.randn(size, dtype=torch.float64, requires_grad=True) for size in sizes]

    def attend(*tensors):
        torch.manual_seed(1)  # the same are dropped each time
        return two_lines.Seq2SeqAttention.apply(*tensors, how)

    assert torch.autograd.gradcheck(attend, inputs)


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("make", [a_t5, a_bart])
def test_an_encoder_decoder_learns_by_lora_and_in_full(make, method, tmp_path):
    model = make()
    if method == "lora":
        model = student.attach_lora(model, r=4, alpha=16, dropout=0.0, modules="all-linear", seed=0)
        assert model.peft_config["default"].task_type == "SEQ_2_SEQ_LM"
        assert any("decoder" in n and "lora_A" in n for n, _ in model.named_parameters())
        assert not any("lm_head" in n and "lora" in n for n, _ in model.named_parameters())
    rows = tokenized_seq2seq_pairs()
    plan = a_plan(
        effective_batch_size=8,
        num_train_epochs=8.0,
        micro_batch_tokens=200,
        lr_scheduler_type="constant",
        warmup_steps=0,
    )
    before = [p.detach().clone() for p in model.parameters() if p.requires_grad]
    trainer = a_trainer(model, rows, plan, tmp_path)
    first = trainer.evaluate()["eval_loss"]
    trainer.train()
    assert trainer.evaluate()["eval_loss"] < 0.95 * first
    after = [p for p in model.parameters() if p.requires_grad]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True) if a.ndim > 1)


def a_trainer(model, rows, plan, folder):
    from abrege.training.trainer import StepTrainer

    training = arguments.training_arguments(plan, folder, 24, dtype="float32", validate=True)
    training.eval_strategy, training.save_strategy = "no", "no"
    return StepTrainer(
        model,
        training,
        train=rows[:16],
        valid=rows[:8],
        micro_batch_tokens=plan.micro_batch_tokens,
        pad_id=0,
        callbacks=[],
    )


def test_a_summary_without_words_is_no_row_to_learn_from():
    rendering = a_rendering(chat=False, max_tokens=100, stop_ids=[1], encoder_decoder=True)
    tokenizer = a_sided_tokenizer("<|end|> $A <|eos|>")  # two tokens around no words at all
    pairs = [Pair(id=s or "blank", document="a cat", references=[s]) for s in ("", "cat")]
    usable, counted = preflight.tokenize_pairs(
        PromptRenderer(tokenizer, rendering), pairs, on_empty="drop"
    )
    assert [e.id for e in usable] == ["cat"]
    assert counted.rows_without_target == 1
