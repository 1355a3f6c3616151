"""A chat-completions client for OpenAI-compatible servers, with retries and plain errors."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from abrege.core.errors import SetupError
from abrege.core.http_retry import RetryableError
from abrege.core.secrets import secret_texts
from abrege.llm_client import server_dialects as dialects
from abrege.llm_client.error_kinds import ErrorKind, error_kind
from abrege.llm_client.rate_limit import AdaptiveLimit
from abrege.llm_client.requested_wait import requested_wait
from abrege.llm_client.response_body import (
    Completion,
    error_code,
    error_message,
    parse_body,
    parse_error,
    read_completion,
    status_in,
)
from abrege.llm_client.retry import RetriesExhaustedError, RetryPolicy, call_with_retry
from abrege.llm_client.server_address import resolve_address

Message: TypeAlias = Mapping[str, str]

BUSY = (429, 503)  # rate limit, overload
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
CONNECT_SECONDS = 10.0
MAX_QUOTED, MAX_LISTED = 300, 12  # characters of a server's message; models in a message


@dataclass(frozen=True, kw_only=True)
class SamplingParams:
    """Decoding options of a request. None is not sent: the server's own default holds."""

    temperature: float | None = 0.0
    top_p: float | None = None
    max_tokens: int | None = 1024
    seed: int | None = None


class NoResponseError(SetupError):
    """The server gave no response, after all retries."""


class RequestRejectedError(SetupError):
    """The server rejects this request: an option is unknown, or the prompt is too long."""


class ContentFilterError(RequestRejectedError):
    """The server refuses what this request says; it answers others."""


class ContextLengthError(RequestRejectedError):
    """The prompt has more tokens than the context window of the model."""


class OpenAIClient:
    """A model of an OpenAI-compatible server (vLLM, llama.cpp, Ollama, a paid service).

    Address and key default to OPENAI_BASE_URL and OPENAI_API_KEY; a local server needs no key.
    The key is in no repr, message or file. `extra_body` holds further fields of each request.

    An option that the server rejects is an error and is not dropped silently, since files record
    the options that were used. Two exceptions, which change no meaning: a server that wants the
    limit to be called max_completion_tokens gets it under that name, and one that only streams is
    asked for a stream, which is read whole.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        params: SamplingParams | None = None,
        extra_body: Mapping[str, Any] | None = None,
        retry_policy: RetryPolicy | None = None,
        rng: random.Random | None = None,
        timeout_seconds: float = 300.0,
    ) -> None:
        import openai

        address = resolve_address(base_url, api_key)
        self.model = model
        self.address = address.shown
        self.params = params or SamplingParams()
        self.retry_policy = retry_policy or RetryPolicy()
        self.timeout_seconds = timeout_seconds
        self._rng = rng or random.Random()
        self._extra_body = dict(extra_body or {})
        self._secrets = [*address.secrets, *secret_texts(self._extra_body)]
        self._limit_option, self._streams = "max_tokens", False
        self._client: Any = openai.OpenAI(
            base_url=address.url,
            default_query=address.query,
            api_key=address.key,
            max_retries=0,
            timeout=openai.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
        )

    def __repr__(self) -> str:
        return f"OpenAIClient({self.model!r}, base_url={self.address!r})"

    def __enter__(self) -> "OpenAIClient":
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def complete(
        self,
        messages: Sequence[Message],
        *,
        params: SamplingParams | None = None,
        limit: AdaptiveLimit | None = None,
    ) -> Completion:
        """Send a request, with retries, and return its completion.

        params  sampling parameters of this request, instead of the client's
        limit   shared by concurrent requests

        Raise NoResponseError if all attempts fail, RequestRejectedError if the server rejects
        this request, and SetupError if it rejects all: a wrong key, model or address.
        """
        try:
            return call_with_retry(
                lambda: self._attempt(messages, params or self.params),
                self.retry_policy,
                limit=limit or AdaptiveLimit(1),
                rng=self._rng,
            )
        except RetriesExhaustedError as error:
            raise NoResponseError(
                f"{self.address} gave no response after {error.attempts} attempts. "
                f"The last error: {error}.\n"
                "  Check that the server is up and its address right, then run the same command "
                "again."
            ) from None

    def models(self) -> list[str]:
        """Return the names of the server's models; none if it does not list them."""
        import openai

        try:
            listed = self._client.with_options(timeout=CONNECT_SECONDS).models.list()
            return [model.id for model in listed.data]
        except (openai.OpenAIError, ValueError, AttributeError, TypeError):
            return []

    def _attempt(self, messages: Sequence[Message], params: SamplingParams) -> Completion:
        """Send a request once; raise RetryableError if a retry may help."""
        import openai

        options = {k: v for k, v in asdict(params).items() if v is not None}
        limit_option = self._limit_option
        if "max_tokens" in options:
            options[limit_option] = options.pop("max_tokens")
        streams, body = self._streams, {**self._extra_body, **(STREAM if self._streams else {})}
        began = time.monotonic()
        try:
            response: Any = self._client.chat.completions.with_raw_response.create(
                model=self.model,
                messages=[dict(m) for m in messages],
                **options,
                extra_body=body,
            )
        except openai.APITimeoutError:
            reason = f"no response within {self.timeout_seconds:g} s"
            raise RetryableError(reason, busy=True) from None
        except openai.APIConnectionError as error:
            raise RetryableError(f"no connection ({self._clean(error.__cause__)})") from None
        except openai.APIStatusError as error:
            response = error.response
            reply = parse_error(response.content) or error.message
            failure = self._error_of(error.status_code, reply, response.headers)
            words = error_message(reply) if _is_rejection(failure) else ""
            if "max_completion_tokens" in words and limit_option == "max_tokens":
                self._limit_option = "max_completion_tokens"
                return self._attempt(messages, params)
            if dialects.STREAM_ONLY.search(words) and not streams:
                self._streams = True
                return self._attempt(messages, params)
            raise failure from None
        return self._completion_of(response.http_response, time.monotonic() - began)

    def _completion_of(self, response: Any, seconds: float) -> Completion:
        """Return the completion in a response with status 200; raise the error of any other."""
        try:
            body = parse_body(response.content, response.charset_encoding)
            completion = read_completion(body, model=self.model, seconds=seconds)
        except RetryableError as error:
            raise RetryableError(self._clean(error)) from None
        if completion is not None:
            return completion
        words = error_message(body)
        reason = f"the response is no chat completion: {self._clean(words)}"
        status = status_in(body)
        error_words = error_message(body.get("error")) if isinstance(body, dict) else ""
        if status is None and any(
            table.search(error_words) for table in (dialects.TOO_LONG, dialects.CONTENT_FILTER)
        ):
            status = 400
        raise (
            RetryableError(reason)
            if status is None
            else self._error_of(status, body, response.headers)
        )

    def _error_of(self, status: int, body: object, headers: Mapping[str, str]) -> Exception:
        """Return the error that a status means: retry, change the request, or change the server."""
        words = error_message(body)
        message = self._clean(words)
        match error_kind(status, f"{error_code(body)} {words}"):
            case ErrorKind.NO_CREDIT:
                return SetupError(
                    f"{self.address}: no credit is left ({status}). {message}\n"
                    "  Top up the account and run the same command again."
                )
            case ErrorKind.WRONG_KEY | ErrorKind.FORBIDDEN as kind:
                # Without the message about a wrong key, which may quote it.
                why = f" {message}" if kind is ErrorKind.FORBIDDEN else ""
                return SetupError(
                    f"{self.address} rejects the API key ({status}).{why}\n"
                    "  Set OPENAI_API_KEY to a key of this server that may use this model."
                )
            case ErrorKind.NOT_FOUND:
                return SetupError(self._not_found(f"{status}: {message}"))
            case ErrorKind.TRANSIENT:
                wait = requested_wait(words, headers, now=datetime.now(UTC))
                busy = status in BUSY
                return RetryableError(f"{status}: {message}", wait_seconds=wait, busy=busy)
            case ErrorKind.FILTERED:
                return ContentFilterError(f"{self.address} refuses the text ({status}): {message}")
            case kind:
                is_too_long = kind is ErrorKind.TOO_LONG
                rejection = ContextLengthError if is_too_long else RequestRejectedError
                return rejection(
                    f"{self.address} rejects the request ({status}): {message}\n"
                    "  Remove the option that it names, or shorten the request."
                )

    def _not_found(self, message: str) -> str:
        names = self.models()
        if names and self.model not in names:
            more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
            return (
                f"{self.address} has no model {self.model!r}.\n"
                f"  It has {', '.join(names[:MAX_LISTED])}{more}: choose one of them."
            )
        return (
            f"{self.address}/chat/completions does not exist ({message}).\n"
            f"  Check the address (most end in /v1) and the model's name ({self.model!r})."
        )

    def _clean(self, message: object) -> str:
        """Return a message on one short line, without our secrets."""
        text = " ".join(str(message).split())
        for secret in self._secrets:
            text = text.replace(secret, "(key)")
        return text[:MAX_QUOTED]


def _is_rejection(error: Exception) -> bool:
    """Return whether a server rejects the options of a request, and not what it says."""
    return type(error) is RequestRejectedError
