"""Prompts that a server truncates: by the tokens that it counts, against their characters."""

import pytest

from abrege.annotation.prompt_truncation import PromptSize, describe_truncated, find_truncated


def sizes(*pairs, lang="en", model="m"):
    return [
        PromptSize(key=f"{lang}{n}", characters=characters, tokens=tokens, lang=lang, model=model)
        for n, (characters, tokens) in enumerate(pairs)
    ]


SHORT = [(1000, 250), (2000, 500), (3000, 750)]  # four characters a token


def test_equally_many_tokens_for_prompts_of_unlike_length_are_a_context_that_is_full():
    truncated = find_truncated(sizes(*SHORT, (12_000, 2050), (20_000, 2050)))
    assert truncated.certain == {"en3", "en4"}
    assert truncated.suspected == set()
    assert (truncated.cap, truncated.needed) == (2050, 5000)


def test_it_is_noticed_without_a_shorter_prompt_and_by_three_that_are_less_far_apart():
    truncated = find_truncated(sizes((12_000, 2050), (20_000, 2050)))
    assert (truncated.certain, truncated.needed) == ({"en0", "en1"}, 6667)
    assert len(find_truncated(sizes((9000, 2048), (10_000, 2048), (11_000, 2048))).certain) == 3


@pytest.mark.parametrize(
    "pairs",
    [
        [*SHORT, (8000, 2050), (8800, 2050)],  # two texts may have as many tokens by chance
        [(4000, 1000), (4400, 1000), (12_000, 3000)],  # more tokens are read, so none is cut
        [(1000, 5), (4000, 5), (9000, 5)],  # this server does not count
        [(8000, 2000), (8000, 2000), (8000, 2000)],
        [],
    ],
)
def test_prompts_that_a_server_reads_whole_are_not_refused(pairs):
    assert find_truncated(sizes(*pairs)).certain == set()


def test_languages_are_compared_with_themselves_and_models_too():
    english, chinese = sizes((8000, 2000), *SHORT), sizes((3000, 2000), lang="zh")
    assert find_truncated([*english, *chinese]).certain == set()
    other = sizes((12_000, 2050), model="a") + sizes((20_000, 2050), model="b", lang="x")
    assert find_truncated(other).certain == set()


def test_the_longest_prompt_is_suspected_if_it_has_few_tokens_for_its_language():
    assert find_truncated(sizes(*SHORT, (12_000, 1500))).suspected == {"en3"}
    assert find_truncated(sizes(*SHORT, (9000, 1500))).suspected == set()
    mixed = sizes((1000, 1000), (2000, 2000), lang="zh") + sizes((8000, 2000))
    assert find_truncated(mixed).suspected == set()


def test_more_characters_a_token_than_any_language_has_are_suspected():
    assert find_truncated(sizes((1001, 100), (990, 99))).suspected == {"en0"}
    assert find_truncated(sizes((1001, 5), (2000, 5))).suspected == set()  # it does not count


def test_the_message_says_what_to_set():
    truncated = find_truncated(sizes(*SHORT, (12_000, 2050), (20_000, 2050)))
    assert describe_truncated(truncated, 400) == (
        "the server truncates prompts without an error: 2 have 2050 tokens, however long they are "
        "(the longest about 5000).\n"
        "  Give it a longer context (Ollama: OLLAMA_CONTEXT_LENGTH=6144, or num_ctx), or let "
        "abrege truncate the documents:\n"
        "    --set annotate.context_window=2050\n"
        "  Their summaries are refused; remove annotate/failed.jsonl to request these again."
    )
