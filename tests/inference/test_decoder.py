import pytest
import torch

from abrege.core.errors import SetupError
from abrege.inference.decoder import Decoder
from abrege.inference.padding import left_padded, plan_batches
from abrege.prompts.prompt_format import DecodingProfile, TokenizedExample
from builders.models import a_llama, a_tokenizer

TOKENIZER = a_tokenizer()


def prompts(count=7):
    texts = ["The cat sat. " * (1 + n * 3 % 5) + f"Then {n}." for n in range(count)]
    return [
        TokenizedExample(f"p{n}", TOKENIZER(text)["input_ids"], [], 0, 0)
        for n, text in enumerate(texts)
    ]


def a_decoder(model=None, stop_ids=(2, 1), **profile):
    model = model or a_llama(vocab=len(TOKENIZER))
    values = {"max_new_tokens": 8, "batch_rows": 3, **profile}
    return Decoder(model, TOKENIZER, DecodingProfile(**values), list(stop_ids))


def decoded(decoder, rows, **kwargs):
    predictions = [pair for batch in decoder.generate_batches(rows, **kwargs) for pair in batch]
    return dict(predictions)


def test_rows_generated_in_a_batch_equal_rows_generated_one_by_one():
    rows = prompts()
    together = decoded(a_decoder(batch_rows=7), rows)
    one_by_one = decoded(a_decoder(batch_rows=1), rows)
    assert together == one_by_one
    assert [together[n].id for n in range(7)] == [p.id for p in rows]


def test_greedy_decoding_takes_the_likeliest_token_at_every_place():
    row = prompts(1)[0]
    decoder = a_decoder()
    ids = list(row.prompt_ids)
    for _ in range(8):
        with torch.no_grad():
            ids.append(int(decoder.model(torch.tensor([ids])).logits[0, -1].argmax()))
        if ids[-1] in decoder.stop_ids:
            break
    expected = decoder.to_prediction(row, ids[len(row.prompt_ids) :])
    assert decoded(decoder, [row])[0] == expected


def test_the_batches_that_remain_do_not_depend_on_what_is_done():
    rows = prompts()
    first, *whole = list(a_decoder(do_sample=True).generate_batches(rows))
    done = {row for row, _ in first}
    assert list(a_decoder(do_sample=True).generate_batches(rows, skip=done)) == whole


def test_sampling_is_fixed_by_its_seed():
    rows = prompts(3)
    one, two, other = (decoded(a_decoder(do_sample=True, seed=s), rows) for s in (1, 1, 2))
    assert one == two
    assert one != other


def test_batches_are_planned_longest_first_with_ties_by_number():
    rows = [
        TokenizedExample(str(n), [5] * length, [], 0, 0) for n, length in enumerate([2, 9, 2, 4])
    ]
    assert plan_batches(rows, 2) == [[1, 3], [0, 2]]


def test_prompts_are_padded_on_the_left_under_a_mask():
    rows = [TokenizedExample("a", [5, 6, 7], [], 0, 0), TokenizedExample("b", [8], [], 0, 0)]
    input_ids, mask = left_padded(rows, 0)
    assert input_ids.tolist() == [[5, 6, 7], [0, 0, 8]]
    assert mask.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_a_summary_ends_at_its_first_stop_token_and_says_so():
    cat = TOKENIZER("the cat")["input_ids"]
    row = TokenizedExample("a", [5], [], 9, 4)
    stopped = a_decoder().to_prediction(row, [*cat, 2, *cat])
    assert (stopped.prediction, stopped.finish_reason) == ("the cat", "stop")
    assert (stopped.new_tokens, stopped.document_tokens_cut) == (len(cat), 4)
    assert a_decoder().to_prediction(row, cat).finish_reason == "length"


def test_no_default_of_the_model_leaks_into_decoding():
    model = a_llama(vocab=len(TOKENIZER))
    plain = decoded(a_decoder(model), prompts(3))
    model.generation_config.update(do_sample=True, temperature=5.0, repetition_penalty=9.0)
    model.generation_config.update(num_beams=2, no_repeat_ngram_size=1, min_new_tokens=5)
    assert decoded(a_decoder(model), prompts(3)) == plain


@pytest.mark.parametrize(
    ("profile", "check"),
    [
        ({"min_new_tokens": 8, "stop_ids": tuple(range(3, 60))}, "min"),
        ({"no_repeat_ngram_size": 1, "max_new_tokens": 40}, "repeat"),
        ({"num_beams": 3, "length_penalty": 2.0}, "beams"),
    ],
)
def test_every_word_of_the_profile_changes_what_is_decoded(profile, check):
    values = dict(profile)
    stop = values.pop("stop_ids", (3,))
    longest = values.get("max_new_tokens", 8)
    plain = decoded(a_decoder(stop_ids=stop, max_new_tokens=longest), prompts())
    changed = decoded(a_decoder(stop_ids=stop, **values), prompts())
    if check == "min":
        assert min(p.new_tokens for p in changed.values()) == 8
    else:
        assert changed != plain


def test_a_tokenizer_with_ids_beyond_the_embedding_is_one_message():
    """Found by the fuzzer: a damaged tokenizer.json ended in an IndexError."""
    decoder = Decoder(a_llama(vocab=390), TOKENIZER, DecodingProfile(max_new_tokens=2), [1])
    prompt = TokenizedExample("a", [5, 390], [], 1, 0)
    with pytest.raises(SetupError, match=r"gives the id 390, but its embedding has 390 rows"):
        decoder.batch_function([prompt])
