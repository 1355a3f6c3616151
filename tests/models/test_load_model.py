import json
import shutil
from dataclasses import replace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import ProphetNetConfig

from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.types import Pair
from abrege.inference.summarizer import load, load_summarizer
from abrege.models import device
from abrege.models.adapter import load_adapter, sort_adapter_config
from abrege.models.load import (
    check_can_write,
    check_dtype,
    load_config,
    load_model,
    load_tokenizer,
    load_without_weights,
)
from abrege.models.resolve import resolve_model
from abrege.prompts.prompt_format import DecodingProfile
from abrege.training.student import attach_lora
from builders.models import a_bart, a_llama, a_t5, a_tokenizer, write_gguf
from builders.records import a_rendering


def test_a_folder_without_weights_is_an_error(tmp_path, student_folder):
    shutil.copy(student_folder / "config.json", tmp_path)
    with pytest.raises(SetupError, match="there are no weights"):
        resolve_model(str(tmp_path))
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(SetupError, match="there are no weights"):
        resolve_model(str(tmp_path))


def test_a_folder_that_is_no_model_or_is_missing_is_an_error(tmp_path):
    with pytest.raises(SetupError, match=r"there is no config\.json"):
        resolve_model(str(tmp_path))
    with pytest.raises(SetupError, match="there is no such folder"):
        resolve_model("./nowhere")
    with pytest.raises(SetupError, match="there is no such file"):
        resolve_model("nowhere.gguf")


def test_damaged_weights_are_one_message(tmp_path, student_folder):
    folder = tmp_path / "model"
    shutil.copytree(student_folder, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(SetupError, match="this model cannot be loaded"):
        load_model(resolve_model(str(folder)), torch.float32, "cpu")


def test_a_hub_name_without_a_network_is_one_message():
    # HF_HUB_OFFLINE is set for all tests
    with pytest.raises(SetupError, match="not found in the local cache, and the hub"):
        load_tokenizer("nobody/nothing")


def test_an_unknown_demo_model_is_an_error_that_lists_the_known_ones():
    with pytest.raises(RecipeError, match="The demo models are demo:smollm2-135m-instruct, "):
        resolve_model("demo:nothing")


def test_a_gguf_file_is_unpacked_once_to_the_weights_of_the_model(tmp_path, monkeypatch):
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path / "cache"))
    model, tokenizer = a_llama(vocab=400), a_tokenizer()
    path = tmp_path / "tiny.gguf"
    write_gguf(path, model, tokenizer)

    notes = []
    folder = resolve_model(str(path), on_event=lambda e: notes.append(e.text))
    again = resolve_model(str(path), on_event=lambda e: notes.append(e.text))

    assert folder == again
    assert notes == ["unpacking tiny.gguf to a transformers folder, once"]
    unpacked = load_model(folder, torch.float32, "cpu")
    ids = torch.tensor([[5, 6, 7]])
    torch.testing.assert_close(unpacked(ids).logits, model(ids).logits, rtol=1e-4, atol=1e-5)


def test_the_tokenizer_of_a_gguf_file_is_read_without_unpacking_its_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path / "cache"))
    write_gguf(tmp_path / "tiny.gguf", a_llama(vocab=400), a_tokenizer())
    name, text = str(tmp_path / "tiny.gguf"), "Summarize the cat.<|eos|>\n\nété"

    packed, config = load_without_weights(name)

    assert not (tmp_path / "cache/models").exists()
    assert config.vocab_size == 400
    resolve_model(name)
    unpacked, _ = load_without_weights(name)
    assert packed(text)["input_ids"] == unpacked(text)["input_ids"]


def test_float16_on_a_cpu_is_an_error():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(RecipeError, match="float16 overflows and is slow on a CPU"):
        device.choose_device("float16")


def test_bfloat16_is_timed_once_and_the_result_is_cached(monkeypatch):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    times = iter([3.0, 0.5])
    monkeypatch.setattr(device, "_time_products", lambda: next(times))
    monkeypatch.setattr(device, "_processor", lambda: "a processor of this test")
    first, second = device.choose_device(), device.choose_device()
    assert first == second
    assert first.dtype == "bfloat16"
    assert "3.0 times as fast" in first.reason


@pytest.fixture
def tuned_folder(tmp_path, student_folder):
    folder = tmp_path / "run/tune"
    model = attach_lora(
        load_model(str(student_folder), torch.float32, "cpu"),
        r=2,
        alpha=4,
        dropout=0.0,
        modules="all-linear",
        seed=0,
    )
    model.save_pretrained(folder)
    a_tokenizer().save_pretrained(folder)
    a_rendering(
        base_model=str(student_folder), max_tokens=60, profile=DecodingProfile(max_new_tokens=6)
    ).save(folder)
    return folder


def test_a_run_folder_and_its_tune_folder_load_the_same_model(tuned_folder):
    pair = Pair(id="a", document="The cat sat.", references=[])
    [one] = load_summarizer(tuned_folder).summarize_pairs([pair])
    [two] = load_summarizer(tuned_folder.parent).summarize_pairs([pair])
    assert one == two


def test_streaming_yields_the_text_of_a_batch_and_returns_the_prediction(tuned_folder):
    model = load_summarizer(tuned_folder)
    document = "The cat sat on the mat. " * 20
    [expected] = model.summarize_pairs([Pair(id="text", document=document, references=[])])

    pieces, stream = [], model.stream(document)
    try:
        while True:
            pieces.append(next(stream))
    except StopIteration as end:
        answer = end.value

    assert "".join(pieces).strip() == expected.prediction
    assert answer == expected
    assert answer.document_tokens_cut > 0


@pytest.mark.parametrize("is_packed", [True, False])
def test_an_error_while_streaming_reaches_the_reader(tuned_folder, monkeypatch, is_packed):
    model = load_summarizer(tuned_folder)
    if is_packed:
        monkeypatch.setattr(model.decoder.packed, "step", lambda *_: 1 / 0)
    else:
        model = replace(model, decoder=replace(model.decoder, packed=None))
        monkeypatch.setattr(model.decoder.model, "generate", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(model.stream("The cat sat."))


def test_both_ways_of_streaming_yield_the_same_text(tuned_folder):
    model = load_summarizer(tuned_folder)
    plain = replace(model, decoder=replace(model.decoder, packed=None))
    text = "The cat sat on the mat. " * 20
    assert "".join(model.stream(text)).strip() == "".join(plain.stream(text)).strip() != ""


def test_a_folder_without_a_tuned_model_is_an_error(tmp_path):
    with pytest.raises(DataError, match="there is no tuned model here"):
        load_summarizer(tmp_path)


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("Bert", {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4}),
        ("T5Encoder", {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 1, "num_heads": 4}),
        ("LlamaForSequenceClassification", {"hidden_size": 32, "num_hidden_layers": 1}),
        ("ViT", {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4}),
        ("Llama", {"hidden_size": 32, "num_hidden_layers": 1, "tie_word_embeddings": False}),
    ],
)
def test_a_model_without_a_language_model_head_is_an_error(kind, sizes, tmp_path):
    import transformers

    family = {"T5Encoder": "T5", "LlamaForSequenceClassification": "Llama"}.get(kind, kind)
    more = {"vocab_size": 400} if kind != "ViT" else {}
    config = getattr(transformers, f"{family}Config")(intermediate_size=64, **more, **sizes)
    name = kind if "For" in kind else f"{kind}Model"
    getattr(transformers, name)(config).save_pretrained(tmp_path)
    with pytest.raises(RecipeError, match="has no head that writes text"):
        load_model(str(tmp_path), torch.float32, "cpu")


def test_a_base_model_class_with_tied_embeddings_loads_with_its_head(tmp_path):
    # facebook/bart-base is published as a BartModel
    model = a_bart()
    model.model.save_pretrained(tmp_path)
    loaded = load_model(str(tmp_path), torch.float32, "cpu").eval()
    ids = {"input_ids": torch.tensor([[5, 6]]), "decoder_input_ids": torch.tensor([[1, 7]])}
    torch.testing.assert_close(loaded(**ids).logits, model.eval()(**ids).logits)


@pytest.mark.parametrize("family", ["T5", "MT5", "UMT5", "LongT5"])
def test_the_t5_family_in_float16_is_an_error(family, tmp_path):
    import transformers

    config = getattr(transformers, f"{family}Config")()
    with pytest.raises(RecipeError, match=rf"float16 overflows in {family.lower()}.* 65,504"):
        check_dtype(config, torch.float16)
    check_dtype(config, torch.bfloat16)
    check_dtype(a_bart().config, torch.float16)
    a_t5().save_pretrained(tmp_path)
    with pytest.raises(RecipeError, match="float16 overflows in t5"):
        load_model(str(tmp_path), torch.float16, "cpu")


def test_an_adapter_of_another_base_is_an_error_that_names_the_weight(tmp_path):
    wide = get_peft_model(a_llama(vocab=500), LoraConfig(r=2, target_modules=["lm_head"]))
    wide.save_pretrained(tmp_path, save_embedding_layers=False)
    with pytest.raises(SetupError) as caught:
        load_adapter(a_llama(vocab=400), tmp_path)
    assert "does not fit the base model: base_model.model.lm_head.lora_B.weight is [500, 2]" in str(
        caught.value
    )


def test_names_of_modules_stand_in_alphabetical_order_in_an_adapters_settings(tmp_path):
    """peft writes a set: in two processes of other hash seeds the file differed."""
    names = ["v_proj", "q_proj", "down_proj", "o_proj"]
    get_peft_model(a_llama(), LoraConfig(r=2, target_modules=names)).save_pretrained(tmp_path)
    sort_adapter_config(tmp_path)
    written = json.loads((tmp_path / "adapter_config.json").read_text())
    assert written["target_modules"] == ["down_proj", "o_proj", "q_proj", "v_proj"]
    load_adapter(a_llama(), tmp_path)


@pytest.mark.parametrize("modules", [["q_proj", "lm_head"], ["embed_tokens"], ".*(q_proj|lm_head)"])
def test_an_adapter_over_the_embeddings_is_refused_before_training(modules):
    """It was tuned, and then could not be loaded: peft saves the whole tied weight beside it."""
    with pytest.raises(RecipeError, match=r"tune\.lora\.modules: .*(lm_head|embed_tokens) holds"):
        attach_lora(a_llama(), r=2, alpha=4, dropout=0.0, modules=modules, seed=0)


def test_code_that_a_model_brings_is_never_run(tmp_path):
    config = {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Config"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "mine.py").write_text("raise SystemExit('it was run')")
    with pytest.raises(SetupError, match="brings code of its own"):
        load_config(str(tmp_path))


def test_packed_weights_name_the_package_that_unpacks_them(tmp_path):
    a_llama().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4, "group_size": 128}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(SetupError, match=r"packed as gptq, .*pip install gptqmodel"):
        load_model(str(tmp_path), torch.float32, "cpu")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"{}"])
def test_weights_of_another_kind_are_one_message(tmp_path, content):
    a_llama().config.save_pretrained(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(SetupError, match="this model cannot be loaded") as caught:
        load_model(str(tmp_path), torch.float32, "cpu")
    assert "weights_only" not in str(caught.value)


def test_an_adapter_that_is_named_as_the_model_says_its_base_and_what_to_write(tmp_path):
    """It said that there is no config.json."""
    config = LoraConfig(r=2, target_modules=["q_proj"], base_model_name_or_path="org/base")
    config.save_pretrained(tmp_path / "adapter")
    with pytest.raises(SetupError) as error:
        resolve_model(str(tmp_path / "adapter"))
    assert "this is an adapter and no model; its base model is org/base." in str(error.value)
    assert "write tune.model: org/base" in str(error.value)
    assert "merge_and_unload()" in str(error.value)
    (tmp_path / "adapter/abrege.json").write_text("{}")
    with pytest.raises(SetupError, match="abrege summarize FILE --model"):
        resolve_model(str(tmp_path / "adapter"))
    (tmp_path / "adapter/abrege.json").unlink()
    with pytest.raises(SetupError, match="this is an adapter and no model"):
        load(tmp_path / "adapter")


def test_a_model_that_predicts_several_tokens_at_a_position_is_refused():
    with pytest.raises(RecipeError, match="m: prophetnet predicts several tokens at each position"):
        check_can_write(ProphetNetConfig(), "m")
