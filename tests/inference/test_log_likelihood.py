"""Expected values from transformers' own call with labels, on tiny models of the real classes."""

from dataclasses import replace

import pytest
import torch

from abrege.compute.cpu.packing import enable_packing
from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.types import Pair
from abrege.inference import log_likelihood
from abrege.inference.log_likelihood import load_scorer, log_likelihoods
from abrege.prompts.prompt_format import PromptFormat, PromptRenderer, TokenizedExample
from abrege.training.student import attach_lora
from builders.models import a_bart, a_llama, a_sided_tokenizer, a_t5, a_tokenizer
from builders.records import a_rendering, some_rows

SPACED = {"eos_token_id": 1, "pad_token_id": 0, "vocab_size": 400}


def a_gpt2():
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}
    return GPT2LMHeadModel(GPT2Config(**SPACED, **sizes, bos_token_id=1))


def some_examples():
    """Rows of 3 to 21 prompt tokens and 1 to 5 summary tokens; all have the same id."""
    torch.manual_seed(1)
    rows = []
    for prompt, summary in [(3, 1), (21, 5), (9, 2), (14, 4), (9, 3), (6, 2)]:
        ids = torch.randint(3, 400, (prompt + summary,)).tolist()
        rows.append(TokenizedExample("same", ids[:prompt], [*ids[prompt + 1 :], 1], prompt, 0))
    return rows


def theirs(model, example):
    """Take a row's loss from transformers, one row at a time: no padding, no mask."""
    model.eval()
    prompt, summary = example.prompt_ids, example.summary_ids
    if model.config.is_encoder_decoder:
        ids, labels = prompt, summary
    else:
        ids, labels = prompt + summary, [-100] * len(prompt) + summary
    with torch.no_grad():
        loss = model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss
    return loss.item() * len(summary)


def projected(model):
    """Give a list of how many positions each later call projects to the vocabulary."""
    seen = []
    model.get_output_embeddings().register_forward_hook(
        lambda module, args, out: seen.append(out.shape[0] * out.shape[1])
    )
    return seen


def a_pair(n, references, document="The cat sat on the mat. Then it was red."):
    return Pair(id=f"p{n}", document=document, references=references)


@pytest.mark.parametrize("make", [a_llama, a_gpt2, a_t5, a_bart])
@pytest.mark.parametrize("batch_tokens", [1, 40, 10_000])
def test_it_is_the_loss_of_transformers_however_rows_are_batched(make, batch_tokens):
    model, rows = make(), some_examples()
    scores = list(log_likelihoods(model, rows, batch_tokens=batch_tokens))
    assert [tokens for _, tokens in scores] == [len(e.summary_ids) for e in rows]
    expected = [theirs(model, e) for e in rows]
    assert [nats for nats, _ in scores] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("batch_tokens", [1, 40, 10_000])
def test_rows_that_share_a_beginning_in_a_line_give_the_same(batch_tokens):
    begin = [7, 8, 9, 10, 11]
    rows = [replace(e, prompt_ids=[*begin, *e.prompt_ids]) for e in some_examples()]
    model = a_llama()
    expected = [theirs(model, e) for e in rows]
    assert enable_packing(model)
    scores = [nats for nats, _ in log_likelihoods(model, rows, batch_tokens=batch_tokens)]
    assert scores == pytest.approx(expected, rel=1e-5)


def test_a_row_without_a_summary_is_named():
    rows = [*some_examples(), TokenizedExample("bare", [5, 6], [], 2, 0)]
    with pytest.raises(DataError, match="row bare: its summary has no token"):
        list(log_likelihoods(a_llama(), rows))


@pytest.mark.parametrize("make", [a_llama, a_t5])
def test_logits_are_bounded_however_many_rows_fit(make, monkeypatch):
    model, rows = make(), some_examples()
    whole = list(log_likelihoods(model, rows))
    seen = projected(model)
    monkeypatch.setattr(log_likelihood, "MAX_LOGITS", 6 * 400)  # six summary tokens at once
    parts = list(log_likelihoods(model, rows))
    assert len(seen) > 2
    assert max(seen) <= 6
    assert [n for n, _ in parts] == pytest.approx([n for n, _ in whole], rel=1e-5)


def test_a_causal_model_projects_the_summary_only():
    model, rows = a_llama(), some_examples()
    seen = projected(model)
    list(log_likelihoods(model, rows))
    assert sum(seen) == sum(len(e.summary_ids) for e in rows)


def test_a_pair_sums_over_its_references(student_folder):
    scorer = load_scorer(str(student_folder), lang="en")
    apart = list(scorer.score([a_pair(0, ["the cat sat"]), a_pair(1, ["it was red"])]))
    [(nats, tokens)] = scorer.score([a_pair(2, ["the cat sat", "it was red"])])
    assert nats == pytest.approx(sum(n for n, _ in apart), rel=1e-5)
    assert tokens == sum(t for _, t in apart)


def test_pairs_beyond_a_window_are_scored_like_the_others(student_folder, monkeypatch):
    scorer = load_scorer(str(student_folder))
    pairs = [a_pair(n, [row["summary"]], row["document"]) for n, row in enumerate(some_rows(7))]
    whole = list(scorer.score(pairs))
    monkeypatch.setattr(log_likelihood, "WINDOW", 3)
    parts = list(scorer.score(pairs))
    assert [t for _, t in parts] == [t for _, t in whole]
    assert [n for n, _ in parts] == pytest.approx([n for n, _ in whole], rel=1e-5)


def test_a_pair_without_a_reference_is_named(student_folder):
    with pytest.raises(DataError, match="row p0: it has no reference"):
        list(load_scorer(str(student_folder)).score([a_pair(0, [])]))


def test_a_causal_model_gets_the_default_prompt_of_the_language(student_folder):
    scorer = load_scorer(str(student_folder), lang="fr", chat="never", dtype="float32")
    tokenizer, model = a_tokenizer(), a_llama(vocab=len(a_tokenizer()))
    request = "Résume le texte suivant.\n\nThe cat sat.\n\nRésumé :"
    prompt = tokenizer(request)["input_ids"]
    summary = [*tokenizer(" a cat")["input_ids"], tokenizer.eos_token_id]

    [(nats, tokens)] = scorer.score([a_pair(0, ["a cat"], "The cat sat.")])

    assert tokens == len(summary)
    assert nats == pytest.approx(
        theirs(model, TokenizedExample("x", prompt, summary, 0, 0)), rel=1e-5
    )
    assert scorer.name.startswith(f"{student_folder.name}@")
    assert scorer.prompt_signature.startswith("prompt:text-plain-")
    assert scorer.prompt_signature.endswith("|room:512|cut:0|float32")


def written(model, folder):
    """Lay a model out in a folder with a tokenizer that puts its end token behind every text."""
    tokenizer = a_sided_tokenizer()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return tokenizer


@pytest.mark.parametrize("make", [a_t5, a_bart])
def test_an_encoder_decoder_reads_the_document_as_its_tokenizer_writes_it(make, tmp_path):
    model = make()
    tokenizer = written(model, tmp_path)
    scorer = load_scorer(str(tmp_path), dtype="float32", template="sum: {document}")
    ids = {text: tokenizer(text)["input_ids"] for text in ("sum: the cat sat", "a cat")}
    assert all(i[-1] == 1 for i in ids.values())
    expected = theirs(model, TokenizedExample("x", ids["sum: the cat sat"], ids["a cat"], 0, 0))

    [(nats, tokens)] = scorer.score([a_pair(0, ["a cat"], "the cat sat")])

    assert tokens == len(ids["a cat"])
    assert nats == pytest.approx(expected, rel=1e-5)


def test_the_document_is_truncated_to_what_the_encoder_reads_and_the_truncation_is_counted(
    tmp_path,
):
    written(a_bart(max_position_embeddings=24), tmp_path)
    scorer = load_scorer(str(tmp_path))
    long = "the cat sat on the mat and then " * 9
    pairs = [a_pair(0, ["a cat"], long), a_pair(1, ["a cat"], "a dog"), a_pair(2, ["a"], long)]

    assert [tokens for _, tokens in scorer.score(pairs)] == [3, 3, 2]
    assert "|room:24|cut:2|" in scorer.prompt_signature
    assert len(scorer.renderer.tokenize_pair(pairs[0]).prompt_ids) == 24
    list(scorer.score(pairs[1:2]))
    assert "|cut:0|" in scorer.prompt_signature


def test_a_summary_longer_than_the_decoder_reads_is_refused_and_not_cut(tmp_path):
    written(a_bart(max_position_embeddings=24), tmp_path)
    scorer = load_scorer(str(tmp_path))
    with pytest.raises(DataError, match=r"row p0: its summary has 31 tokens, .* reads 24"):
        list(scorer.score([a_pair(0, ["the " * 30])]))


@pytest.mark.parametrize(
    ("stated", "expected_room"), [({}, "any|cut:0"), ({"n_positions": 16}, "16|cut:1")]
)
def test_a_model_max_length_that_is_no_limit_of_the_model_does_not_truncate_summaries(
    stated, expected_room, tmp_path
):
    written(a_t5(**stated), tmp_path)  # T5 learns distances: it would read on
    scorer = load_scorer(str(tmp_path))
    [(_, tokens)] = scorer.score([a_pair(0, ["a" + " a" * 39], "the cat sat " * 400)])
    assert tokens == 41
    assert f"|room:{expected_room}|" in scorer.prompt_signature


@pytest.fixture
def run_folder(tmp_path, student_folder):
    """Write what a run leaves behind: an adapter that is no longer zero, and its rendering."""
    folder = tmp_path / "run/tune"
    tokenizer = a_tokenizer()
    model = attach_lora(
        a_llama(vocab=len(tokenizer)), r=4, alpha=8, dropout=0.0, modules="all-linear", seed=0
    )
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.constant_(parameter, 0.05)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    a_rendering(
        base_model=str(student_folder),
        dtype="float32",
        template="{document} {meta.what}?",
        max_tokens=100,
    ).save(folder)
    return folder.parent


def test_a_tuned_model_and_its_base_use_the_prompt_format_of_the_run(run_folder, student_folder):
    from peft import PeftModel

    pair = Pair(id="p", document="The cat sat.", references=["a cat"], meta={"what": "who"})
    renderer = PromptRenderer(a_tokenizer(), PromptFormat.load(run_folder / "tune"))
    base = a_llama(vocab=len(a_tokenizer()))
    untuned = theirs(base, renderer.tokenize_pair(pair))
    tuned = PeftModel.from_pretrained(base, str(run_folder / "tune"))
    expected = theirs(tuned, renderer.tokenize_pair(pair))

    for folder in (run_folder, run_folder / "tune"):
        scorer = load_scorer(str(folder))
        [(nats, _)] = scorer.score([pair])
        assert nats == pytest.approx(expected, rel=1e-5)
        assert nats != pytest.approx(untuned, rel=1e-3)
        assert scorer.name.startswith(f"{folder.name}@")
        assert scorer.prompt_signature.startswith("prompt:chat-tuned-")
    before = load_scorer(str(run_folder), base=True)
    [(nats, _)] = before.score([pair])
    assert nats == pytest.approx(untuned, rel=1e-5)
    assert before.name.startswith(f"{student_folder.name}@")
    assert before.prompt_signature == scorer.prompt_signature


def test_settings_without_effect_are_refused(run_folder, student_folder):
    with pytest.raises(RecipeError, match="uses its saved prompt format"):
        load_scorer(str(run_folder), template="{document}")
    with pytest.raises(RecipeError, match="only a run folder has a base"):
        load_scorer(str(student_folder), base=True)


def test_an_encoder_is_refused_for_it_sees_the_answer(tmp_path):
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = BertConfig(vocab_size=400, intermediate_size=64, initializer_range=1.0, **sizes)
    BertForMaskedLM(config).save_pretrained(tmp_path)
    a_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(RecipeError, match="attends in both directions"):
        load_scorer(str(tmp_path))


def test_damaged_weights_are_one_message(tmp_path):
    written(a_t5(), tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(SetupError, match="this model cannot be loaded"):
        load_scorer(str(tmp_path))
