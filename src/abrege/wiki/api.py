"""A MediaWiki's api.php, asked one request at a time, politely and with patience.

Knows nothing of documents: questions are parameters, answers are JSON. What is asked of readers:
mediawiki.org, API:Etiquette and Manual:Maxlag parameter; foundation.wikimedia.org, User-Agent
policy.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from abrege import __version__
from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.http_retry import Passing, retry_after
from abrege.data.rows import shorten

ALWAYS = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}
BUSY = ("maxlag", "ratelimited", "readonly")
"""Errors that pass; so do those that begin as OUR_FAULT, which is how a wiki names its own."""
OUR_FAULT = "internal_api_error"
NOT_FOR_YOU = ("readapidenied", "permissiondenied")
TIMEOUT_SECONDS = 60.0
CONNECT_SECONDS = 10.0
NO_WAY = (
    *(httpx2.ConnectError, httpx2.ConnectTimeout),
    *(httpx2.ProxyError, httpx2.UnsupportedProtocol),
)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait before a request, and how often to ask again.

    One reader who asks one thing at a time needs no jitter: nobody comes back together with it.
    """

    pause_seconds: float = 1.0
    attempts: int = 8
    first_seconds: float = 5.0
    """The first wait after a failure, as wikis ask for; each further one is twice as long."""
    longest_seconds: float = 120.0
    longest_told_seconds: float = 900.0
    """Longest Retry-After obeyed: a wiki that wants more is given up for now."""

    def wait_seconds(self, failures: int, told: float) -> float:
        """Give the wait after so many failures, where the wiki told to wait so long."""
        chosen = math.ldexp(self.first_seconds, failures - 1)
        return max(told, min(self.longest_seconds, chosen))


class Api:
    """The api.php of one wiki.

    contact  an e-mail or page, told to the wiki in the User-Agent
    sleep    waits so many seconds
    """

    def __init__(
        self,
        url: str,
        *,
        contact: str,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        on_event: OnEvent = silent,
    ) -> None:
        if not (contact.isascii() and contact.isprintable() and contact.strip()):
            raise RecipeError(
                f"collect.contact: {contact!r} cannot be sent to a wiki.\n"
                "  Give an e-mail or the address of a page, in plain letters."
            )
        self._patience = patience or Patience()
        self._sleep, self._on_event = sleep, on_event
        self._answered, self._warned = False, set[str]()
        agent = f"abrege/{__version__} ({contact.strip()}) httpx2/{httpx2.__version__}"
        try:
            self._url = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise RecipeError(f"collect.source: {url} is no address: {error}") from error
        self.name = str(self._url.copy_with(username=None, password=None))
        self._client = httpx2.Client(
            headers={"User-Agent": agent, "Accept-Encoding": "gzip"},
            timeout=httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=True,
        )

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def query(self, **parameters: str) -> Iterator[dict[str, Any]]:
        """Ask, and yield the answer and all that continue it."""
        after: dict[str, str] | None = {}
        while after is not None:
            answer = self.ask(**parameters | after)
            after = answer.get("continue")
            yield answer

    def ask(self, **parameters: str) -> dict[str, Any]:
        """Ask, again where that may help, and give the answer.

        SetupError where the wiki cannot be reached, is closed to us or stays busy;
        DataError where this is no wiki, or it refuses the question.
        """
        for failures in range(1, self._patience.attempts + 1):
            self._sleep(self._patience.pause_seconds if self._answered else 0)
            try:
                answer = self._attempt(parameters)
            except Passing as error:
                reason, told = str(error), error.wait_seconds
                wait = self._patience.wait_seconds(failures, told)
                if told > self._patience.longest_told_seconds:
                    raise self._given_up(f"{reason}; it wants {told:.0f} s to pass") from None
                if failures < self._patience.attempts:
                    self._on_event(Note(f"{self.name}: {reason}; asking again in {wait:.0f} s"))
                    self._sleep(wait)
            else:
                self._answered = True
                self._tell_warnings(answer)
                return answer
        raise self._given_up(f"asked {failures} times, the last time: {reason}")

    def _attempt(self, parameters: dict[str, str]) -> dict[str, Any]:
        """Ask once: Passing where another attempt may help."""
        try:
            response = self._client.get(self._url, params=ALWAYS | parameters)
        except NO_WAY as error:
            if self._answered:
                raise Passing(f"no connection ({shorten(error)})") from None
            raise SetupError(
                f"{self.name}: there is no way to this wiki ({shorten(error, 100)}).\n"
                "  Is the address right, and is there a network?"
            ) from error
        except httpx2.TimeoutException:
            raise Passing(f"nothing came within {TIMEOUT_SECONDS:.0f} s") from None
        except httpx2.HTTPError as error:
            raise Passing(f"the answer broke off ({shorten(error, 80)})") from None
        self._check_status(response)
        return self._checked(response)

    def _check_status(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status in (408, 429) or status >= 500:
            raise Passing(f"it is busy ({status})", wait_seconds=_asked_for(response))
        if status in (401, 403):
            raise SetupError(
                f"{self.name}: this wiki does not let us read it ({status}): "
                f"{shorten(response.text, 200)}\n"
                "  Is collect.contact an address where you can be reached? Else use its dump."
            )
        if status != 200:
            raise self._no_api(f"answers {status}")

    def _checked(self, response: httpx2.Response) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError:
            if response.text.lstrip().startswith("<"):
                raise self._no_api("answers with a web page where JSON was expected") from None
            raise Passing(f"what it sent is not JSON: {shorten(response.text)!r}") from None
        if not isinstance(answer, dict):
            raise self._no_api("sent JSON that is no answer of a wiki")
        error = answer.get("error")
        if not error:
            return answer
        code, said = str(error.get("code")), f"{error.get('code')}: {error.get('info')}"
        if code in BUSY or code.startswith(OUR_FAULT):
            raise Passing(shorten(said, 100), wait_seconds=_asked_for(response))
        if code in NOT_FOR_YOU:
            raise SetupError(
                f"{self.name}: this wiki is closed to those who are not logged in.\n"
                f"  found: {shorten(said, 200)}\n  Ask its owner for a dump."
            )
        raise DataError(
            f"{self.name}: the wiki refuses what it is asked.\n  found: {shorten(said, 300)}"
        )

    def _no_api(self, found: str) -> DataError:
        guess = self._url.copy_with(username=None, password=None, query=None, path="/w/api.php")
        return DataError(
            f"{self.name}: this is not the api.php of a wiki: it {found}.\n"
            f"  Give that address as collect.source; of Wikipedias it is of the form {guess}."
        )

    def _given_up(self, said: str) -> SetupError:
        return SetupError(
            f"{self.name}: no answer ({said}).\n"
            "  Run the same command again later: what was fetched is kept."
        )

    def _tell_warnings(self, answer: dict[str, Any]) -> None:
        for module, said in answer.get("warnings", {}).items():
            text = said.get("warnings") if isinstance(said, dict) else None
            if text and text not in self._warned:
                self._warned.add(text)
                self._on_event(Note(f"{self.name} warns ({module}): {shorten(text, 200)}"))


def _asked_for(response: httpx2.Response) -> float:
    """Give the seconds that a wiki asks to be left alone."""
    return retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC))
