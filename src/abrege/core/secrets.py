"""Secrets in addresses and in request fields: masked wherever they are written."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

MASK = "***"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^:@\[\]]*)(?::\d*)?")
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_\W])(?:(?:api|access|private|secret|subscription)[_-]?)?(?:key|token|secret"
    r"|password|passwd|pwd|auth|authorization|credentials?|bearer|cookie|jwt|signature)$"
)
_NO_SECRET = re.compile(r"(?i)(?:cache|stop|eos|bos|pad|end)[_-]?(?:key|token)$")
_SECRET_VALUE = re.compile(
    r"\b(?:sk|gsk|hf|xai|nvapi|csk|pplx|ghp|fw)[-_][\w-]{12,}|\bAIza[\w-]{20,}|\bBearer\s+\S+"
    r"|\bBasic\s+[A-Za-z0-9+/=]{8,}"
)
"""Keys that can be told by their beginning: OpenAI, Groq, Hugging Face, xAI, NVIDIA, Google …"""


def split_address(address: str) -> tuple[str, str, str]:
    """Return scheme, user information and the rest of an address; missing ones are empty.

    The user information ends at the last @ before the query, so a password may hold an @ or a
    slash. An @ in the query belongs to it only where no host could stand before the query.
    """
    match = _SCHEME.match(address)
    scheme = match[0] if match else ""
    rest = address[len(scheme) :]
    path_end = re.search(r"[?#]|\Z", rest)
    authority_end = re.search(r"[/?#]|\Z", rest)
    assert path_end is not None
    assert authority_end is not None
    before_query = rest[: path_end.start()]
    if "@" not in before_query and _HOST.fullmatch(rest[: authority_end.start()]):
        return scheme, "", rest
    userinfo, _, after = (before_query if "@" in before_query else rest).rpartition("@")
    return scheme, userinfo, after + (rest[path_end.start() :] if "@" in before_query else "")


def mask_address(address: str) -> str:
    """Return an address with *** for its user, password, keys, query values and fragment."""
    scheme, userinfo, rest = split_address(address)
    rest, hash_sign, _fragment = rest.partition("#")
    path, question, query = rest.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    masked = "&".join(f"{name}=***" if equals else MASK for name, equals, _ in pairs)
    return (
        f"{scheme}{MASK + '@' if userinfo else ''}{_SECRET_VALUE.sub(MASK, _masked_path(path))}"
        f"{question}{masked if question else ''}{hash_sign}{MASK if hash_sign else ''}"
    )


def _masked_path(path: str) -> str:
    """Return a path with *** for the values of its parameters, ;key=value, that are secrets."""
    return re.sub(
        r"(?<=[;/])([\w.-]+)=([^;/]*)",
        lambda match: f"{match[1]}={MASK}" if _SECRET_NAME.search(match[1]) else match[0],
        path,
    )


def mask_fields(value: Any, name: str = "") -> Any:
    """Return a JSON value with *** for texts under the name of a secret, and for known keys."""
    if isinstance(value, Mapping):
        return {key: mask_fields(inner, name or _secret_name(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask_fields(inner, name) for inner in value]
    if not isinstance(value, str):
        return value
    return MASK if name else _SECRET_VALUE.sub(MASK, value)


def secret_texts(value: Any, name: str = "") -> Iterator[str]:
    """Yield the texts of a JSON value that `mask_fields` masks."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secret_texts(inner, name or _secret_name(key))
    elif isinstance(value, list):
        for inner in value:
            yield from secret_texts(inner, name)
    elif isinstance(value, str) and mask_fields(value, name) != value:
        yield value


def is_masked(value: Any) -> bool:
    """Return whether a value was written without its secrets."""
    if isinstance(value, Mapping):
        return any(is_masked(inner) for inner in value.values())
    if isinstance(value, list):
        return any(is_masked(inner) for inner in value)
    return isinstance(value, str) and MASK in value


def _secret_name(key: object) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(key))
    is_secret = _SECRET_NAME.search(words) and not _NO_SECRET.search(words)
    return words if is_secret else ""
