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
