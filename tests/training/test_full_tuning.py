"""Every weight tuned, in float32 whatever the products run in; and the loss of the whole text."""

import pytest
import torch

from abrege.training import run as training_run
from builders.models import a_llama, a_tokenizer
from builders.records import a_plan
from builders.training import a_student, log_entries, tokenized_pairs, tune

pytestmark = pytest.mark.model


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_full_tuning_lowers_the_loss_and_keeps_its_weights_in_float32(tmp_path, dtype):
    model = a_llama(vocab=len(a_tokenizer()))
    before = {name: p.clone() for name, p in model.named_parameters()}
    tune(tmp_path, a_plan(num_train_epochs=4.0, learning_rate=5e-3), model=model, dtype=dtype)
    losses = [x["loss"] for x in log_entries(tmp_path) if "loss" in x]
    assert losses[-1] < losses[0] - 1.0  # nats
    for name, parameter in model.named_parameters():
        assert parameter.dtype == torch.float32
        assert not torch.equal(parameter, before[name])
        assert not torch.equal(parameter, parameter.bfloat16().float())


def test_weights_stored_in_bfloat16_are_not_trained(tmp_path):
    model = a_llama(vocab=len(a_tokenizer())).to(torch.bfloat16)
    with pytest.raises(AssertionError, match="float32"):
        tune(tmp_path, model=model, dtype="bfloat16")


def test_without_completion_only_loss_every_token_but_the_first_is_learned(tmp_path, monkeypatch):
    monkeypatch.setattr(training_run, "estimate_run", lambda *_, **__: None)  # it passes rows too
    rows = tokenized_pairs(a_tokenizer())[:4]
    seen = {}
    for loss in ("summary", "sequence"):
        model = a_student()
        hook = model.get_output_embeddings().register_forward_pre_hook(
            lambda module, args, loss=loss: seen.setdefault(loss, []).append(args[0].shape[1])
        )
        tune(
            tmp_path / loss,
            a_plan(completion_only_loss=loss == "summary"),
            model=model,
            train=rows,
            valid=[],
        )
        hook.remove()
    assert sum(seen["summary"]) == sum(len(e.summary_ids) for e in rows)
    assert sum(seen["sequence"]) == sum(len(e) - 1 for e in rows)
