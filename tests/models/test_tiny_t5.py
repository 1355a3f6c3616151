import torch

from abrege.core import demo_assets as assets
from abrege.models import load as loading
from abrege.models import tiny_t5 as stand_in
from builders.models import a_tokenizer


def a_demo_tokenizer():
    """Our own, with the names of SmolLM2's tokens and a chat template."""
    from tokenizers import Tokenizer

    tokenizer = a_tokenizer()
    words = tokenizer.backend_tokenizer.to_str()
    words = words.replace("<|pad|>", stand_in.PAD).replace("<|end|>", stand_in.END)
    tokenizer._tokenizer = Tokenizer.from_str(words)
    return tokenizer


def test_the_stand_in_has_the_same_random_weights_each_time_and_ends_texts_as_t5_does(tmp_path):
    torch.manual_seed(5)
    drawn = torch.rand(1)
    torch.manual_seed(5)
    for name in ("one", "two"):
        stand_in.write_tiny_t5(tmp_path / name, a_demo_tokenizer())
    assert torch.equal(torch.rand(1), drawn)  # nobody else's dice were thrown

    one, two = (
        loading.load_model(str(tmp_path / name), torch.float32, "cpu") for name in ("one", "two")
    )
    assert all(map(torch.equal, one.state_dict().values(), two.state_dict().values()))
    tokenizer = loading.load_tokenizer(str(tmp_path / "one"))
    assert tokenizer.decode(tokenizer("a cat")["input_ids"]) == "a cat<|im_end|>"
    assert tokenizer.chat_template is None
    start, pad = one.config.decoder_start_token_id, one.config.pad_token_id
    assert start == pad == tokenizer.pad_token_id != tokenizer.eos_token_id


def test_whoever_takes_the_stand_in_is_told_that_its_weights_are_random(tmp_path, monkeypatch):
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path))
    folder = assets.cache_folder() / "models" / stand_in.CACHE_KEY
    folder.mkdir(parents=True)
    (folder / "complete").touch()
    said = []
    located = loading.resolve_model("demo:t5-random", on_event=lambda e: said.append(e.text))
    assert located == str(folder)
    assert said == ["demo:t5-random: its weights are random, so what it writes says nothing"]
