"""A model behind an OpenAI-compatible server: asked with patience and honest refusals."""

import json
import os
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from abrege.core.errors import SetupError
from abrege.core.http_retry import Passing, retry_after
from abrege.llm_client.retry import Pace, Retrying

Message: TypeAlias = Mapping[str, str]

PASSING = (408, 409, 429)  # and 5xx: asking again may help
BUSY = (429, 503)
WRONG_PLACE = (404, 405)
NO_CREDIT = "insufficient_quota"  # OpenAI's 429 that no waiting mends
TOO_LONG = re.compile(
    r"(?i)context[ _](?:length|size|window)|maximum (?:model|input|sequence|prompt) length"
    r"|(?:prompt|input|request|message)s? (?:is|are) too (?:long|large)|too many (?:input )?tokens"
)
"""How servers say that a question has more tokens than they read: OpenAI, vLLM, llama.cpp, TGI."""
OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"  # what a local server is sent, for the client insists on a key
CONNECT_SECONDS = 10.0
QUOTED = 300  # characters of what a server says
NAMED = 12  # models named in a message


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How a model is asked to decode. What is None is not sent: the server's own default holds."""

    temperature: float | None = 0.0
    top_p: float | None = None
    max_tokens: int | None = 1024
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model said; a count of tokens is None where the server does not tell it."""

    text: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    model: str
    """As the server names it."""
    seconds: float
    """From question to answer, without the attempts that failed."""


class Unanswered(SetupError):  # noqa: N818 - an outcome of asking
    """The server was asked as often as it may be, and gave no answer."""


class Refused(SetupError):  # noqa: N818 - an outcome of asking
    """The server answers, but not this question: it is too long, or an option is unknown."""


class TooLong(Refused):
    """The server answers, but what it is asked has more tokens than it reads."""


class Server:
    """A model of an OpenAI-compatible server (vLLM, llama.cpp, Ollama, a paid service).

    The address and the key are those of OPENAI_BASE_URL and OPENAI_API_KEY where not given; a
    local server needs no key. The key is in no repr, message or file.

    An option that the server refuses is an error and is not left out silently, for the files
    name the settings that were used. One exception: a server that wants the limit to be called
    max_completion_tokens gets it under that name, for it means the same.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        asking: Asking | None = None,
        retrying: Retrying | None = None,
        rng: random.Random | None = None,
        timeout_seconds: float = 300.0,
    ) -> None:
        import openai

        url, key = _address(base_url, api_key)
        parts = urlsplit(url)
        self.model = model
        self.address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self.asking = asking or Asking()
        self.retrying = retrying or Retrying()
        self.timeout_seconds = timeout_seconds
        self._rng = rng or random.Random()
        self._secrets = [s for s in (key, parts.password) if s and s != NO_KEY]
        self._limit = "max_tokens"
        self._client: Any = openai.OpenAI(
            base_url=url,
            api_key=key,
            max_retries=0,
            timeout=openai.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
        )

    def __repr__(self) -> str:
        return f"Server({self.model!r}, base_url={self.address!r})"

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def ask(
        self,
        messages: Sequence[Message],
        *,
        asking: Asking | None = None,
        pace: Pace | None = None,
    ) -> Answer:
        """Ask, again where that may help, and give the answer.

        asking  how this question is answered, where it is not as all others

        Unanswered where no attempt got one; Refused where the server does not take this
        question; SetupError where it takes none: a wrong key, model or address.
        """
        pace = pace or Pace(1)
        reason = "it was not asked"
        for failures in range(1, self.retrying.attempts + 1):
            began = time.monotonic()
            try:
                with pace.slot():
                    if pace.stopped:
                        break
                    began = time.monotonic()
                    answer = self._attempt(messages, asking or self.asking)
            except Passing as error:
                reason = str(error)
                pace.failed(began, busy=error.busy)
                if error.wait_seconds > self.retrying.longest_told_seconds:
                    reason += f"; it wants {error.wait_seconds:.0f} s to pass"
                    break
                if failures < self.retrying.attempts:
                    wait = self.retrying.wait_seconds(failures, self._rng)
                    pace.sleep(max(wait, error.wait_seconds))
            else:
                pace.answered()
                return answer
        raise Unanswered(
            f"{self.address} gave no answer, asked {failures} times. The last time: {reason}.\n"
            "  Is the server up and the address right? Run the same command again then."
        )

    def models(self) -> list[str]:
        """Give the names of the models the server has; none where it does not tell."""
        import openai

        try:
            listed = self._client.with_options(timeout=CONNECT_SECONDS).models.list()
            return [model.id for model in listed.data]
        except (openai.OpenAIError, ValueError, AttributeError, TypeError):
            return []

    def _attempt(self, messages: Sequence[Message], asking: Asking) -> Answer:
        """Ask once: Passing where another attempt may help."""
        import openai

        options = {k: v for k, v in asdict(asking).items() if v is not None}
        limit = self._limit
        if "max_tokens" in options:
            options[limit] = options.pop("max_tokens")
        began = time.monotonic()
        try:
            given: Any = self._client.chat.completions.create(
                model=self.model, messages=[dict(m) for m in messages], **options
            )
        except openai.APITimeoutError:
            waited = f"nothing came within {self.timeout_seconds:g} s"
            raise Passing(waited, busy=True) from None
        except openai.APIConnectionError as error:
            raise Passing(f"no connection ({self._clean(error.__cause__)})") from None
        except openai.APIStatusError as error:
            if limit == "max_tokens" and "max_completion_tokens" in str(error):
                self._limit = "max_completion_tokens"
                return self._attempt(messages, asking)
            raise self._refusal(error) from None
        except (openai.APIError, json.JSONDecodeError, UnicodeDecodeError):
            raise Passing("what it sent is not JSON") from None
        return self._read(given, time.monotonic() - began)

    def _read(self, given: Any, seconds: float) -> Answer:
        try:
            choice, usage = given.choices[0], given.usage
            return Answer(
                text=choice.message.content or "",
                finish_reason=choice.finish_reason or "stop",
                prompt_tokens=usage and usage.prompt_tokens,
                completion_tokens=usage and usage.completion_tokens,
                model=given.model or self.model,
                seconds=seconds,
            )
        except (AttributeError, IndexError, TypeError):
            text = given if isinstance(given, str) else given.to_json(indent=None)
            raise Passing(f"what it sent is no answer: {self._clean(text)}") from None

    def _refusal(self, error: Any) -> Exception:
        """Tell what a status means: another attempt, another question or another server."""
        body = error.body
        words = body.get("message") if isinstance(body, dict) else None
        status, said = error.status_code, self._clean(words or body or error.message)
        if status in (401, 403):
            # Not in the server's words where the key is wrong: they may hold parts of it.
            why = "" if status == 401 else f" {said}"
            return SetupError(
                f"{self.address} refuses the key ({status}).{why}\n"
                "  Set OPENAI_API_KEY to a key of this server that may use this model."
            )
        if status == 402 or error.code == NO_CREDIT:
            return SetupError(
                f"{self.address}: no credit is left ({status}). {said}\n"
                "  Top it up and run the same command again."
            )
        if status in WRONG_PLACE:
            return SetupError(self._nothing_there(f"{status}: {said}"))
        if status in PASSING or status >= 500:
            now = datetime.now(UTC)
            wait = retry_after(error.response.headers.get("retry-after"), now=now)
            return Passing(f"{status}: {said}", wait_seconds=wait, busy=status in BUSY)
        kind = TooLong if status == 413 or TOO_LONG.search(f"{error.code} {said}") else Refused
        return kind(
            f"{self.address} refuses what it is asked ({status}): {said}\n"
            "  Leave out the option that it names, or ask for less."
        )

    def _nothing_there(self, said: str) -> str:
        names = self.models()
        if names and self.model not in names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            return (
                f"{self.address} has no model {self.model!r}.\n"
                f"  It has {', '.join(names[:NAMED])}{more}: name one of them."
            )
        return (
            f"{self.address}/chat/completions is not there ({said}).\n"
            "  Is the address right (most end in /v1), and the name of the model "
            f"({self.model!r})?"
        )

    def _clean(self, said: object) -> str:
        """Give what somebody said in one short line, without our secrets."""
        text = " ".join(str(said).split())
        for secret in self._secrets:
            text = text.replace(secret, "(key)")
        return text[:QUOTED]


def _address(base_url: str | None, api_key: str | None) -> tuple[str, str]:
    """Settle where to ask and with which key: as given, else as the environment has it."""
    url = (base_url or os.environ.get("OPENAI_BASE_URL") or "").strip()
    key = (api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
    if not (url or key):
        raise SetupError(
            "No server is named.\n  Give --base-url or set OPENAI_BASE_URL "
            "(http://localhost:11434/v1 for Ollama), or OPENAI_API_KEY for OpenAI's own."
        )
    url = (url or OPENAI).rstrip("/")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise SetupError(
            "The server's address is not one of the web.\n"
            "  Write it whole, as http://localhost:11434/v1, in --base-url or OPENAI_BASE_URL."
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SetupError(
            "The key holds a sign that no key has.\n  Set OPENAI_API_KEY again, from its source."
        )
    return url, key or NO_KEY
