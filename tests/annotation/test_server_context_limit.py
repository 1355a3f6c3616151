import pytest

from abrege.annotation.attempts import response_too_long
from abrege.annotation.server_context_limit import DEFAULT_SHARE, fitting_document_fraction


def rejected(message):
    return response_too_long("k", {"said": message})


@pytest.mark.parametrize(
    ("message", "limit", "prompt_tokens"),
    [
        # OpenAI, vLLM until 0.10, llama-cpp-python 0.3
        ("This model's maximum context length is 2560 tokens. However, you requested 4888 tokens "
         "(4588 in the messages, 300 in the completion). Please reduce the length.", 2560, 4588),
        # vLLM 0.15, pull request 33425
        ("This model's maximum context length is 2048 tokens. However, your request has 2000 input "
         "tokens plus 300 'max_tokens'. Please reduce one or the other.", 2048, 2000),
        # llama.cpp's server
        ("request (5000 tokens) exceeds the available context size (4096 tokens), try increasing "
         "it", 4096, 5000),
        # Anthropic
        ("prompt is too long: 210000 tokens > 200000 maximum", 200000, 210000),
        # llama-cpp-python's own exception
        ("Requested tokens (2285) exceed context window of 2048", 2048, 2285),
    ],
)  # fmt: skip
def test_the_share_that_fits_is_parsed_from_the_error_of_each_server(message, limit, prompt_tokens):
    share = fitting_document_fraction(rejected(message), 300)
    assert share == pytest.approx(0.95 * (limit - 300) / prompt_tokens)


@pytest.mark.parametrize(
    ("message", "limit", "prompt_tokens"),
    [
        ("You passed 3000 input tokens and requested 300 output tokens. However, the model's "
         "context length is only 2048 tokens, resulting in a maximum input length of 1748 tokens.",
         2048, 3000),  # vLLM 0.16
        ("max_tokens is too large: 300. This model's maximum context length is 2048 tokens and "
         "your request has 3000 input tokens (300 > 2048 - 3000).", 2048, 3000),
        ("The input (3000 tokens) is longer than the model's context length (2048 tokens).", 2048,
         3000),  # SGLang
        ("Requested token count exceeds the model's maximum context length of 2048 tokens. You "
         "requested a total of 3300 tokens: 3000 tokens from the input messages and 300 tokens for "
         "the completion.", 2048, 3000),
        ("`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 `inputs` tokens and 300 "
         "`max_new_tokens`", 2048, 3000),  # TGI
        ("Prompt contains 3000 tokens and 0 draft tokens, too large for model with 2048 maximum "
         "context length", 2048, 3000),  # Mistral
        ("The input token count (1,300,000) exceeds the maximum number of tokens allowed "
         "(1,048,576).", 1_048_576, 1_300_000),  # Gemini
        ("total number of tokens in the prompt cannot exceed 2048 - received 3000.", 2048, 3000),
        ("The prompt is too long: 3000, model maximum context length: 2047", 2047, 3000),
        ("This model's maximum context length is 2048 tokens. However, your messages resulted in "
         "3000 tokens.", 2048, 3000),  # DeepInfra
        ("Trying to keep the first 3000 tokens when context the overflows. However, the model is "
         "loaded with context length of only 2048 tokens", 2048, 3000),  # LM Studio
        ("the request exceeds the available context size. n_prompt_tokens 3000 n_ctx 2048", 2048,
         3000),  # llama.cpp, older
        ("This endpoint's maximum context length is 2048 tokens. However, you requested about 3300 "
         "tokens (3000 of text input, 300 in the output).", 2048, 3000),  # OpenRouter
        ("Request too large for m on tokens per min (TPM): Limit 10000, Requested 12300. The input "
         "or output tokens must be reduced", 10_000, 12_000),  # OpenAI
        ("Current length is 12300 while limit is 8000", 8000, 12_000),  # Cerebras
        ("The maximum context length of V3-0324 is 8000. However, answering your request will take "
         "12300 tokens.", 8000, 12_000),  # SambaNova
        ("exceed context limit: 174167 + 300 > 100000, decrease", 100_000, 174_167),  # Anthropic
        ("http://127.0.0.1:8971/v1 rejects the request (400): maximum prompt length is 8000 but "
         "the request contains 12000 tokens.", 8000, 12_000),  # xAI
        ("prompt 12,000 > 8,000 with 300 to generate", 8000, 12_000),
    ],
)  # fmt: skip
def test_the_numbers_of_further_servers_save_requests(message, limit, prompt_tokens):
    share = fitting_document_fraction(rejected(message), 300)
    assert share == pytest.approx(0.95 * (limit - 300) / prompt_tokens)


@pytest.mark.parametrize(
    "message",
    [
        "too long",
        "the request exceeds the available context size. try increasing the context size",
        "This model's maximum context length is 90 tokens.",
        # Less than the completion: by this nothing fits, but a part of the document may.
        "maximum context length is 90 tokens, but your request has 80 input tokens",
    ],
)
def test_without_usable_numbers_seven_tenths_of_the_document_are_shown(message):
    assert fitting_document_fraction(rejected(message), 300) == DEFAULT_SHARE == 0.7
