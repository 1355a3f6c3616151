"""The address of a server: what is requested, what may be shown of it, and its secrets."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from abrege.core.errors import SetupError
from abrege.core.secrets import is_masked, mask_address, split_address

OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"
"""Sent to a server without a key: the openai package insists on one."""
MIN_SECRET = 8
"""The shortest value of a query that is taken for a secret in a server's messages."""


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """An address with its key; the repr holds secrets, `shown` does not."""

    url: str
    """With user and password, percent-encoded, and without the query."""
    query: Mapping[str, str]
    key: str
    shown: str
    secrets: Sequence[str]
    """What no message may quote."""


def resolve_address(base_url: str | None, api_key: str | None) -> ServerAddress:
    """Return the address and the key: as given, else from the environment.

    Raise SetupError if there is none, and for an address or a key that cannot be one.
    """
    address = (base_url or os.environ.get("OPENAI_BASE_URL") or "").strip()
    key = (api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
    if not (address or key):
        raise SetupError(
            "No server is configured.\n  Give --base-url or set OPENAI_BASE_URL "
            "(http://localhost:11434/v1 for Ollama), or OPENAI_API_KEY for OpenAI's own."
        )
    if is_masked(address):
        raise SetupError(
            f"The server's address was written without its secrets: {mask_address(address)}\n"
            "  Give it in full, with --set annotate.base_url=… or in OPENAI_BASE_URL."
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SetupError(
            "The API key contains a character that no key has.\n  Set OPENAI_API_KEY again."
        )
    return _split(address or OPENAI, key or NO_KEY)


def _split(address: str, key: str) -> ServerAddress:
    scheme, userinfo, rest = split_address(address)
    path, _, query = rest.partition("#")[0].partition("?")
    path = path.rstrip("/").removesuffix("/chat/completions")  # the client adds it
    words = userinfo.split(":", 1) if userinfo else []
    login = ":".join(quote(unquote(word), safe="") for word in words)
    url = f"{scheme}{login}{'@' if userinfo else ''}{path}"
    if scheme.lower() not in ("http://", "https://") or not _has_host(url):
        raise SetupError(
            "The server's address is not an http(s) URL.\n  Write it in full, as "
            "http://localhost:11434/v1, in --base-url or OPENAI_BASE_URL."
        )
    values = dict(parse_qsl(query, keep_blank_values=True))
    long_texts = [text for pair in values.items() for text in pair if len(text) >= MIN_SECRET]
    secrets = [key, *words[1:], *(unquote(word) for word in words[1:]), *long_texts]
    return ServerAddress(
        url=url,
        query=values,
        key=key,
        shown=f"{scheme}{path}",
        secrets=[secret for secret in secrets if secret and secret != NO_KEY],
    )


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return False
