import torch

from abrege.core.demo_assets import cache_folder
from abrege.models import tiny_t5
from abrege.models.load import load_model, load_tokenizer
from abrege.models.resolve import resolve_model
from builders.models import a_tokenizer


def a_demo_tokenizer():
    """Our own, with the names of SmolLM2's tokens and a chat template."""
    from tokenizers import Tokenizer

    tokenizer = a_tokenizer()
    words = tokenizer.backend_tokenizer.to_str()
    words = words.replace("<|pad|>", tiny_t5.PAD).replace("<|end|>", tiny_t5.END)
    tokenizer._tokenizer = Tokenizer.from_str(words)
    return tokenizer


def test_the_tiny_t5_has_the_same_random_weights_each_time_and_ends_texts_as_t5_does(tmp_path):
    torch.manual_seed(5)
    first_draw = torch.rand(1)
    torch.manual_seed(5)
    for name in ("one", "two"):
        tiny_t5.write_tiny_t5(tmp_path / name, a_demo_tokenizer())
    assert torch.equal(torch.rand(1), first_draw)  # the global generator did not move

    one, two = (load_model(str(tmp_path / name), torch.float32, "cpu") for name in ("one", "two"))
    assert all(map(torch.equal, one.state_dict().values(), two.state_dict().values()))
    tokenizer = load_tokenizer(str(tmp_path / "one"))
    assert tokenizer.decode(tokenizer("a cat")["input_ids"]) == "a cat<|im_end|>"
    assert tokenizer.chat_template is None
    start, pad = one.config.decoder_start_token_id, one.config.pad_token_id
    assert start == pad == tokenizer.pad_token_id != tokenizer.eos_token_id


def test_a_note_says_that_the_weights_of_the_tiny_t5_are_random(tmp_path, monkeypatch):
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path))
    folder = cache_folder() / "models" / tiny_t5.CACHE_KEY
    folder.mkdir(parents=True)
    (folder / "complete").touch()
    notes = []
    located = resolve_model("demo:t5-random", on_event=lambda e: notes.append(e.text))
    assert located == str(folder)
    assert notes == ["demo:t5-random: the weights are random, so its summaries mean nothing"]
