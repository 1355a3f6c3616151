"""Decoding on a CPU by packed weights and continuous batching, beside transformers' generate."""

import threading

import psutil
import pytest
import torch
import transformers
from peft import LoraConfig, get_peft_model

from abrege.compute.cpu import packed_model
from abrege.compute.cpu.kv_cache import CacheGroup
from abrege.compute.cpu.packed_linear import PackedLinear
from abrege.compute.cpu.packed_model import PackedCausalModel, PromptPiece, pack_for_decoding
from abrege.core.errors import SetupError
from abrege.core.events import Note
from abrege.inference import continuous_batching
from abrege.inference.decoder import Decoder
from abrege.inference.next_token import NextToken, repeating_tokens
from abrege.prompts.prompt_format import DecodingProfile, TokenizedExample
from builders.models import a_llama, a_tokenizer

TOKENIZER = a_tokenizer()
SIZES = {
    "vocab_size": 400,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
WINDOW = 16
FAMILIES = {
    "Llama": {},
    "Mistral": {"sliding_window": WINDOW},
    "Qwen2": {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 2},
    "Qwen3": {"head_dim": 32},
    "SmolLM3": {"no_rope_layer_interval": 2},
    "Phi3": {"sliding_window": WINDOW, "original_max_position_embeddings": 512},
    "Gemma": {"head_dim": 16},
    "Gemma2": {"head_dim": 16, "sliding_window": WINDOW, "query_pre_attn_scalar": 16},
    "Gemma3": {"head_dim": 16, "sliding_window": WINDOW, "query_pre_attn_scalar": 16},
}


def a_model(family="Llama", dtype=torch.float32, **more):
    config_name = {"Gemma3": "Gemma3Text"}.get(family, family) + "Config"
    config = getattr(transformers, config_name)(**SIZES, **FAMILIES[family], **more)
    torch.manual_seed(0)
    model = getattr(transformers, f"{family}ForCausalLM")(config).to(dtype).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 1.0 if parameter.dim() == 1 else 0.0, 0.1)
    return model


def with_adapter(model):
    config = LoraConfig(r=4, lora_alpha=12, target_modules=["q_proj", "v_proj", "down_proj"])
    adapted = get_peft_model(model, config).eval()
    torch.manual_seed(1)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return adapted


def prompts(count=11, prefix=0):
    generator = torch.Generator().manual_seed(count)
    common = torch.randint(5, 400, (prefix,), generator=generator).tolist()
    lengths = [3 + 13 * n % 71 for n in range(count)]
    ids = [torch.randint(5, 400, (length,), generator=generator).tolist() for length in lengths]
    return [TokenizedExample(f"p{n}", common + i, [], 0, 0) for n, i in enumerate(ids)]


def decoder(model, *, packed=True, **profile):
    values = {"max_new_tokens": 12, "batch_rows": 4, **profile}
    weights = pack_for_decoding(model) if packed else None
    assert (weights is not None) == packed
    return Decoder(model, TOKENIZER, DecodingProfile(**values), [2, 1], packed=weights)


def decoded(one, rows, **options):
    batches = one.generate_batches(rows, **options)
    return {row: prediction for batch in batches for row, prediction in batch}


def last_logits(packed, ids, *, steps=3):
    """Return the logits after all but the last tokens, read as a prompt, and after each of them."""
    group = CacheGroup(packed.shape, 1, len(ids))
    cache = group.row(group.add(len(ids)))
    logits = [packed.read([PromptPiece(ids[:-steps], 0, cache)])]
    group.lengths = [len(ids) - steps]
    logits += [packed.step([group], [token]) for token in ids[-steps:]]
    return torch.cat(logits)


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_equal_those_of_transformers_beyond_the_sliding_window(family):
    model = a_model(family)
    ids = torch.randint(5, 400, (3 * WINDOW,), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = model(input_ids=ids[None]).logits[0, -4:]
    logits = last_logits(PackedCausalModel(model), ids.tolist())
    assert (logits - expected).abs().max() < 2e-5 * expected.abs().max()


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_equal_those_of_generate(family):
    model, rows = a_model(family), prompts()
    assert decoded(decoder(model), rows) == decoded(decoder(model, packed=False), rows)


def test_an_adapter_is_added_and_can_be_switched_off():
    rows = prompts()
    model = with_adapter(a_model())
    tuned = decoder(model)
    expected = decoded(decoder(model, packed=False), rows)
    assert decoded(tuned, rows) == expected
    with model.disable_adapter():
        assert decoded(tuned, rows) == decoded(decoder(a_model()), rows) != expected


@pytest.mark.parametrize(
    "profile",
    [
        {"min_new_tokens": 6, "max_new_tokens": 9},
        {"no_repeat_ngram_size": 2, "max_new_tokens": 40},
        {"no_repeat_ngram_size": 1},
        {"do_sample": True, "top_k": 1, "temperature": 0.7},
        {"do_sample": True, "top_p": 1e-6},
    ],
)
def test_settings_of_decoding_mean_what_they_mean_to_generate(profile):
    """Row by row, since generate bans n-grams of padding too, which depends on the batch."""
    model, rows = a_model(), prompts()
    packed = decoder(model, **profile)
    plain = decoder(model, packed=False, batch_rows=1, **profile)
    assert decoded(packed, rows) == decoded(plain, rows)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_row_computes_the_same_bits_whatever_its_neighbours(dtype):
    rows = prompts(9, prefix=37)
    packed = PackedCausalModel(a_model(dtype=dtype))
    ids = rows[3].prompt_ids
    alone = packed.read([PromptPiece(ids, 0, packed.shape.empty(1, len(ids))[:, :, 0])])
    group = CacheGroup(packed.shape, 9, 120)
    for row in rows:
        group.add(len(row.prompt_ids))
    pieces = [PromptPiece(row.prompt_ids, 0, group.row(n)) for n, row in enumerate(rows)]
    assert torch.equal(packed.read(pieces)[3], alone[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("profile", [{}, {"do_sample": True}])
def test_a_text_does_not_depend_on_the_batch_the_order_or_what_is_done(dtype, profile):
    rows = prompts(13, prefix=37)
    one = decoder(a_model(dtype=dtype), **profile)
    expected = decoded(one, rows)
    assert sorted(expected) == list(range(13))
    done = {0, 2, 3, 7}
    rest = decoded(one, rows, skip=done)
    assert rest == {row: p for row, p in expected.items() if row not in done}
    for batch_rows in (1, 3, 13):
        assert decoded(decoder(one.model, batch_rows=batch_rows, **profile), rows) == expected
    tasks = one.batch_function(rows)
    assert dict([*tasks(0), *tasks(1)]) == expected
    assert [len(task) for task in one.plan(rows)] == [8, 5]


def test_rows_without_a_common_prefix_have_the_texts_that_they_have_with_it():
    """The prefix is read once for all, in a pass of its own."""
    rows = prompts(6, prefix=40)
    other = TokenizedExample("other", [7, 8, 9], [], 0, 0)
    one = decoder(a_model())
    apart = decoded(one, [*rows, other])
    assert {row: apart[row] for row in range(6)} == decoded(one, rows)


def test_prompts_longer_than_a_pass_are_read_in_pieces(monkeypatch):
    rows = prompts(7, prefix=20)
    one = decoder(a_model("Qwen2"))
    expected = decoded(one, rows)
    monkeypatch.setattr(continuous_batching, "PASS_TOKENS", 17)
    assert decoded(one, rows) == expected


def test_sampling_draws_each_token_with_its_probability():
    """Of 4,000 draws, .5, .3 and .2 of the mass: within four standard errors."""
    choose = NextToken(DecodingProfile(max_new_tokens=1, do_sample=True, temperature=1.0), [1])
    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(4000, -1).clone()
    rows = [choose.row(n, prompts(1)[0]) for n in range(4000)]
    choose.append(logits, rows)
    shares = torch.bincount(torch.tensor([row.ids[0] for row in rows])) / 4000
    assert shares.tolist() == pytest.approx([0.5, 0.3, 0.2], abs=0.032)


def test_top_p_and_top_k_keep_the_likeliest_tokens():
    """Of .5, .3, .15 and .05, .8 of the mass are two tokens, and the top three are three."""
    logits = torch.tensor([0.15, 0.5, 0.05, 0.3]).log()
    for profile, kept in (({"top_p": 0.8}, {1, 3}), ({"top_k": 3}, {0, 1, 3})):
        values = {"max_new_tokens": 1, "do_sample": True, "temperature": 1.0, **profile}
        choose = NextToken(DecodingProfile(**values), [9])
        rows = [choose.row(n, prompts(1)[0]) for n in range(300)]
        choose.append(logits.expand(300, -1).clone(), rows)
        assert {row.ids[0] for row in rows} == kept


def test_the_tokens_that_would_repeat_an_n_gram_are_those_that_followed_it_before():
    assert repeating_tokens([5, 6, 7, 5, 6, 8, 5, 6], 3) == [7, 8]
    assert repeating_tokens([5, 6, 5], 2) == [6]
    assert repeating_tokens([5, 6], 1) == [5, 6]
    assert repeating_tokens([5], 3) == []


def test_logits_that_are_not_numbers_name_the_row_and_the_step():
    model = a_model()
    one = decoder(model)
    broken = Decoder(
        model, TOKENIZER, one.profile, [2, 1], packed=PackedCausalModel(_with_nan(model))
    )
    with pytest.raises(SetupError, match="row p0: the logits after 0 new tokens are NaN"):
        decoded(broken, prompts(1))
    with pytest.raises(SetupError, match="are NaN"):  # raised on the thread of a stream
        decoded(broken, prompts(40))
    assert _stream_threads() == []


def test_a_reader_that_stops_ends_the_streams():
    batches = decoder(a_model(), batch_rows=2).generate_batches(prompts(60))
    next(batches)
    assert len(_stream_threads()) == torch.get_num_threads() > 1
    batches.close()
    assert _stream_threads() == []


def _stream_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("decoding")]


@pytest.fixture(autouse=True)
def _two_threads():
    """Give every machine of the tests two streams."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def _with_nan(model):
    with torch.no_grad():
        model.model.norm.weight[3] = float("nan")
    return model


def test_fewer_rows_at_once_are_told_where_memory_does_not_hold_more(monkeypatch):
    rows, one, notes = prompts(), decoder(a_model()), []
    assert max(map(len, rows)) + 12 == 80  # room for 96 tokens
    row_bytes = 96 * 4 * 2 * 2 * 16 * 4  # 4 layers, keys and values, 2 heads, 16 numbers of 4 bytes
    memory = 4 * 3.5 * row_bytes  # a quarter may be taken
    expected = decoded(one, rows)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("", (), {"available": memory}))
    assert decoded(one, rows, on_event=notes.append) == expected
    assert notes == [Note("memory holds the caches of 3 rows, not of 8")]
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("", (), {"available": memory / 4}))
    with pytest.raises(SetupError, match=r"96 tokens of a prompt and its summary need a cache of"):
        decoded(one, rows)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: a_gpt2(), "GPT2LMHeadModel is of another shape than Llama"),
        (lambda: a_llama().half(), "its weights are float16"),
        (lambda: a_model(rope_parameters={"rope_type": "dynamic", "factor": 2.0,
                                          "rope_theta": 10000.0}),
         "its rotary embeddings change with the length of the text"),
        (lambda: with_adapter_on_head(a_model()),
         "its linear layers are quantized, or have another adapter than plain LoRA"),
        (lambda: transformers.GraniteForCausalLM(transformers.GraniteConfig(**SIZES)),
         "layers of GraniteForCausalLM are of another shape than Llama's"),
    ],
)  # fmt: skip
def test_other_models_are_left_to_generate_with_the_reason(model, reason):
    notes = []
    assert pack_for_decoding(model(), on_event=notes.append) is None
    assert notes == [
        Note(f"decoding: transformers' generate is used, which is slower, since {reason}")
    ]


def a_gpt2():
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=50, n_embd=16, n_layer=1, n_head=2, n_positions=64)
    ).eval()


def with_adapter_on_head(model):
    config = LoraConfig(r=2, target_modules=["q_proj"], use_dora=True)
    return get_peft_model(model, config).eval()


def test_a_model_whose_logits_are_others_when_packed_is_left_to_generate(monkeypatch):
    """As if a new version of transformers multiplied what the layers return."""
    model, notes = a_model(), []
    finish = packed_model.DecodingLayer.finish
    monkeypatch.setattr(
        packed_model.DecodingLayer, "finish", lambda *args: finish(*args) * torch.tensor(1.5)
    )
    assert pack_for_decoding(model, on_event=notes.append) is None
    assert "% off when packed" in notes[0].text


def test_a_packed_linear_layer_is_linear_layers_side_by_side():
    layers = [torch.nn.Linear(24, 10), torch.nn.Linear(24, 6, bias=False)]
    packed = PackedLinear(layers)
    for rows in (1, 2, 5):
        x = torch.randn(rows, 24)
        with torch.inference_mode():
            expected = torch.cat([layer(x) for layer in layers], -1)
            assert torch.allclose(packed(x), expected, atol=1e-6)
