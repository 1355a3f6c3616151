"""Errors as servers word them, and what each means; from their documentation and bug reports."""

import pytest

from abrege.llm_client.error_kinds import ErrorKind, error_kind

TOO_LONG = [
    # Cerebras (cline#5140)
    "Please reduce the length of the messages or completion. Current length is 42328 while limit "
    "is 40000",
    # SambaNova (OpenHands#9252)
    "The maximum context length of DeepSeek-V3-0324 is 32768. However, answering your request will "
    "take 39732 tokens. Please reduce the length of the messages",
    "input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000",  # Anthropic
    "Prompt exceeds maximum context length",  # mlx-serve
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",  # xAI
    "prompt token count of 140000 exceeds the limit of 128000",  # GitHub Copilot
    "The number of tokens to keep from the initial prompt is greater than the context length",
    "invalid params, context window exceeds limit (2013)",  # MiniMax
    "Your request exceeded model token limit: 262144 (requested: 291351)",  # Kimi
    "Your input exceeds the context window of this model. Please adjust your input",  # OpenAI
    "Input tokens exceed the configured limit of 272000 tokens.",  # OpenAI
    "Prompt 超长",  # GLM
    "输入token数量超过模型上下文长度限制",  # GLM
    "Range of input length should be [1, 30720]",  # DashScope
    "the input token count is 1300000 but model only supports up to 1048576.",  # Vertex
    "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",  # Bedrock
    "Malformed input request: expected maxLength: 20000, actual: 45000",  # Bedrock
    "Input length (9000 tokens) exceeds the maximum allowed length (8186 tokens).",  # SGLang
    "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",  # vLLM
    "input length (9000 tokens) exceeds the model's maximum context length (4096 tokens)",  # Ollama
    "Input length 9000 exceeds maximum allowed token size 8192",  # NVIDIA
    "The estimated number of input and maximum output tokens (9000) exceeded this model context "
    "window limit (8000).",  # Cloudflare
    "length of prompt_tokens (9000) must be less than max_seq_len (8192).",  # SiliconFlow
    "Total tokens of image and text exceed max message tokens.",  # Volcengine
    "input prompt tokens too long, max 28000",  # Hunyuan
    "prompt tokens exceeds 32768",  # Baichuan
    "The total message token length exceed model limit",  # StepFun
    "the number of input tokens 9000 cannot exceed the total tokens limit 8192",  # watsonx
    "max tokens of 8192 exceeded: 9000",  # Snowflake
    "Prompt length 9000 is greater than max_seq_len 8192",  # ExLlama, TabbyAPI
    # MLC, TensorRT-LLM, LMDeploy
    "Request prompt has 9000 tokens in total, larger than the model input length limit 8192.",
    "The sum of prompt length (9000.0), query length (0) should not exceed max_num_tokens (8192)",
    "The input is longer than the session length: input_length=9000, session_len=8192",
]
FILTERED = [
    "content_filter ResponsibleAIPolicyViolation The response was filtered",  # Azure
    "系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语",  # GLM
    "data_inspection_failed Input text data may contain inappropriate content.",  # DashScope
    "Your prompt was flagged as potentially violating our usage policy.",  # OpenAI
    "This content was flagged for possible cybersecurity risk.",  # OpenAI
    "Output blocked by content filtering policy",  # Anthropic
    "The request failed because the input text may contain sensitive information.",  # Volcengine
]
NO_CREDIT = [
    (400, "Your credit balance is too low to access the Anthropic API."),
    (429, "1113 您的账户已欠费，请充值后重试"),  # GLM
    (400, "Arrearage Access denied, please make sure your account is in good standing."),
    (412, "Account abc is suspended, possibly due to reaching the monthly spending limit"),
    (400, "Budget has been exceeded! Current cost: 10.0, Max budget: 10.0"),  # LiteLLM
    (403, "Sorry, your account balance is insufficient"),  # SiliconFlow
    (402, "Insufficient Balance"),  # DeepSeek
    (429, "insufficient_quota You exceeded your current quota"),  # OpenAI
]
TRANSIENT = [
    (429, "Too many tokens, please wait before trying again."),  # Bedrock
    (429, "Resource exhausted. Please try again later."),  # Vertex
    (429, "You exceeded your current quota, please check your plan and billing details. * Quota "
          "exceeded for metric: generate_content_free_tier_input_token_count, limit: 250000"),
    (429, "3505 Service tier capacity exceeded for this model."),  # Mistral
    (498, "Flex tier capacity exceeded"),  # Groq
    (504, "context deadline exceeded"),  # gateways in Go
    (500, "EngineCore encountered an issue. See stack trace (above) for the root cause."),  # vLLM
    (503, "no slot available"),  # llama.cpp
    (529, "overloaded_error Overloaded"),  # Anthropic
]  # fmt: skip
REJECTED = [
    (400, "Requested max_tokens of 9000 exceeds limit"),
    (422, "body.max_tokens: Input should be less than or equal to 4096"),  # NVIDIA
    (422, "body.seed: Extra inputs are not permitted"),  # Mistral
    (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    (400, "User location is not supported for the API use."),  # Gemini
    (400, "The requested model 'x' is not supported by any provider you have enabled."),
    (400, "temperature: must be in the range [0, 2]"),
]


@pytest.mark.parametrize("words", TOO_LONG)
def test_a_full_context_is_known_in_the_words_of_many_servers(words):
    assert error_kind(400, words) is ErrorKind.TOO_LONG


@pytest.mark.parametrize("words", FILTERED)
def test_a_filter_is_known_by_its_words(words):
    assert error_kind(400, words) is ErrorKind.FILTERED


@pytest.mark.parametrize(("status", "words"), NO_CREDIT)
def test_a_lack_of_credit_is_known_whatever_its_status(status, words):
    assert error_kind(status, words) is ErrorKind.NO_CREDIT


@pytest.mark.parametrize(("status", "words"), TRANSIENT)
def test_what_passes_is_asked_for_again_even_if_it_speaks_of_tokens_and_exceeding(status, words):
    assert error_kind(status, words) is ErrorKind.TRANSIENT


@pytest.mark.parametrize(("status", "words"), REJECTED)
def test_a_wrong_option_is_no_full_context(status, words):
    assert error_kind(status, words) is ErrorKind.REJECTED


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "API key not valid. Please pass a valid API key.", ErrorKind.WRONG_KEY),  # Gemini
        (401, "Unauthorized", ErrorKind.WRONG_KEY),
        (403, "You don't have access to the model", ErrorKind.FORBIDDEN),  # Bedrock
        (403, "your input was flagged for violence", ErrorKind.FILTERED),  # OpenRouter
        (451, "Content illegal", ErrorKind.FILTERED),  # SiliconFlow
        (404, "No endpoints found matching your data policy.", ErrorKind.NOT_FOUND),
        (413, "no", ErrorKind.TOO_LONG),
    ],
)
def test_the_status_decides_where_it_is_clear(status, words, kind):
    assert error_kind(status, words) is kind
