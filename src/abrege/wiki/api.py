"""Query a MediaWiki's api.php, one request at a time, within its rate limit and with retries.

Requests are parameters and responses are JSON; documents are unknown here. For the rules see
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
from abrege.core.http_retry import RetryableError, retry_after
from abrege.data.rows import shorten

BASE_PARAMETERS = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}
RETRIED_ERRORS = ("maxlag", "ratelimited", "readonly")
"""Error codes that are retried, as are those that begin with INTERNAL_ERROR."""
INTERNAL_ERROR = "internal_api_error"
PERMISSION_ERRORS = ("readapidenied", "permissiondenied")
TIMEOUT_SECONDS = 60.0
CONNECT_TIMEOUT_SECONDS = 10.0
CONNECTION_ERRORS = (
    *(httpx2.ConnectError, httpx2.ConnectTimeout),
    *(httpx2.ProxyError, httpx2.UnsupportedProtocol),
)


@dataclass(frozen=True, kw_only=True)
class WikiRetryPolicy:
    """How long to wait before a request, and how often to retry it.

    A single client that sends one request at a time needs no jitter.
    """

    pause_seconds: float = 1.0
    max_attempts: int = 8
    first_wait_seconds: float = 5.0
    """The wait after the first failure, as wikis ask for; it doubles with each further one."""
    max_wait_seconds: float = 120.0
    max_retry_after_seconds: float = 900.0
    """Longest Retry-After that is obeyed; a longer one is an error."""

    def wait_seconds(self, failures: int, retry_after_seconds: float) -> float:
        """Return the wait after so many failures, at least the wiki's own Retry-After."""
        backoff = math.ldexp(self.first_wait_seconds, failures - 1)
        return max(retry_after_seconds, min(self.max_wait_seconds, backoff))


class WikiApi:
    """A client for the api.php of one wiki.

    contact  an e-mail or page, sent to the wiki in the User-Agent
    sleep    waits so many seconds
    """

    def __init__(
        self,
        url: str,
        *,
        contact: str,
        retry_policy: WikiRetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        on_event: OnEvent = silent,
    ) -> None:
        if not (contact.isascii() and contact.isprintable() and contact.strip()):
            raise RecipeError(
                f"collect.contact: {contact!r} cannot be sent to a wiki.\n"
                "  Give an e-mail or the address of a page, in ASCII characters."
            )
        self._retry_policy = retry_policy or WikiRetryPolicy()
        self._sleep, self._on_event = sleep, on_event
        self._has_responded, self._warnings_shown = False, set[str]()
        user_agent = f"abrege/{__version__} ({contact.strip()}) httpx2/{httpx2.__version__}"
        try:
            self._url = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise RecipeError(f"collect.source: {url} is not a valid address: {error}") from error
        self.name = str(self._url.copy_with(username=None, password=None))
        self._client = httpx2.Client(
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
            timeout=httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            follow_redirects=True,
        )

    def __enter__(self) -> "WikiApi":
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def query_all(self, **parameters: str) -> Iterator[dict[str, Any]]:
        """Yield the response to a query, and all responses that continue it."""
        continuation: dict[str, str] | None = {}
        while continuation is not None:
            response = self.query(**parameters | continuation)
            continuation = response.get("continue")
            yield response

    def query(self, **parameters: str) -> dict[str, Any]:
        """Return the response to a query, with retries.

        Raise SetupError if the wiki cannot be reached, denies access or stays busy; DataError if
        this is not a wiki, or it rejects the query.
        """
        for failures in range(1, self._retry_policy.max_attempts + 1):
            self._sleep(self._retry_policy.pause_seconds if self._has_responded else 0)
            try:
                response = self._attempt(parameters)
            except RetryableError as error:
                reason, retry_after_seconds = str(error), error.wait_seconds
                wait = self._retry_policy.wait_seconds(failures, retry_after_seconds)
                if retry_after_seconds > self._retry_policy.max_retry_after_seconds:
                    reason += f"; its Retry-After is {retry_after_seconds:.0f} s"
                    raise self._no_response(reason) from None
                if failures < self._retry_policy.max_attempts:
                    self._on_event(Note(f"{self.name}: {reason}; retrying in {wait:.0f} s"))
                    self._sleep(wait)
            else:
                self._has_responded = True
                self._show_warnings(response)
                return response
        raise self._no_response(f"{failures} attempts, the last one: {reason}")

    def _attempt(self, parameters: dict[str, str]) -> dict[str, Any]:
        """Send a query once; raise RetryableError if a retry may help."""
        try:
            response = self._client.get(self._url, params=BASE_PARAMETERS | parameters)
        except CONNECTION_ERRORS as error:
            if self._has_responded:
                raise RetryableError(f"no connection ({shorten(error)})") from None
            raise SetupError(
                f"{self.name}: cannot connect to this wiki ({shorten(error, 100)}).\n"
                "  Check the address and the network."
            ) from error
        except httpx2.TimeoutException:
            raise RetryableError(f"no response within {TIMEOUT_SECONDS:.0f} s") from None
        except httpx2.HTTPError as error:
            raise RetryableError(f"the response was truncated ({shorten(error, 80)})") from None
        self._check_status(response)
        return self._parse(response)

    def _check_status(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status in (408, 429) or status >= 500:
            raise RetryableError(f"it is busy ({status})", wait_seconds=_retry_after_of(response))
        if status in (401, 403):
            raise SetupError(
                f"{self.name}: this wiki denies access ({status}): "
                f"{shorten(response.text, 200)}\n"
                "  Set collect.contact to an address where you can be reached, or use a dump."
            )
        if status != 200:
            raise self._not_an_api(f"responds with status {status}")

    def _parse(self, response: httpx2.Response) -> dict[str, Any]:
        try:
            content = response.json()
        except ValueError:
            if response.text.lstrip().startswith("<"):
                raise self._not_an_api("responds with a web page, not JSON") from None
            raise RetryableError(f"the response is not JSON: {shorten(response.text)!r}") from None
        if not isinstance(content, dict):
            raise self._not_an_api("responds with JSON that is not an object")
        error = content.get("error")
        if not error:
            return content
        code, message = str(error.get("code")), f"{error.get('code')}: {error.get('info')}"
        if code in RETRIED_ERRORS or code.startswith(INTERNAL_ERROR):
            raise RetryableError(shorten(message, 100), wait_seconds=_retry_after_of(response))
        if code in PERMISSION_ERRORS:
            raise SetupError(
                f"{self.name}: this wiki can only be read after login.\n"
                f"  found: {shorten(message, 200)}\n  Ask its owner for a dump."
            )
        raise DataError(
            f"{self.name}: the wiki rejects the query.\n  found: {shorten(message, 300)}"
        )

    def _not_an_api(self, problem: str) -> DataError:
        guess = self._url.copy_with(username=None, password=None, query=None, path="/w/api.php")
        return DataError(
            f"{self.name}: this is not the api.php of a wiki: it {problem}.\n"
            f"  Give that address as collect.source; of Wikipedias it has the form {guess}."
        )

    def _no_response(self, reason: str) -> SetupError:
        return SetupError(
            f"{self.name}: no response ({reason}).\n"
            "  Run the same command again later: what was downloaded is cached."
        )

    def _show_warnings(self, response: dict[str, Any]) -> None:
        for module, warning in response.get("warnings", {}).items():
            text = warning.get("warnings") if isinstance(warning, dict) else None
            if text and text not in self._warnings_shown:
                self._warnings_shown.add(text)
                self._on_event(Note(f"{self.name}: warning ({module}): {shorten(text, 200)}"))


def _retry_after_of(response: httpx2.Response) -> float:
    """Return the seconds of the Retry-After header."""
    return retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC))
