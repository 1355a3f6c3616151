"""Seeded mutations of text files and JSON values, as damaged disks and busy people make them."""

import json
import random
from typing import Any

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 3.5, 1e308, 2**70, "", " ", "\n", "0", "null", "a" * 3000),
    *("\ud83d", "\u0000", "é\u0301", "\u202eabc", "<|im_end|>", "{document}", "=1+1", "[]"),
    *([], {}, [[]], [None], {"": ""}, [1, "a"], {"text": {"text": "x"}}, "2024-13-01", "../../x"),
]
"""What a value may be replaced by."""
BYTES = [
    *(b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n", b'"', b"'", b",", b"{", b"}", b"["),
    *(b"\x1b", b"\xed\xa0\xbd", b"\\u"),
]


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return the bytes of a file, cut, repeated, swapped or with others put in."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(content) + 1)
        end = min(len(content), at + rng.randint(1, 30))
        kind = rng.randrange(6)
        if kind == 0:
            content = content[:at]
        elif kind == 1:
            content = content[:at] + rng.choice(BYTES) + content[at:]
        elif kind == 2:
            content = content[:at] + content[end:]
        elif kind == 3:
            content = content[:at] + content[at:end] * rng.randint(2, 4) + content[end:]
        elif kind == 4:
            lines = content.split(b"\n")
            rng.shuffle(lines)
            content = b"\n".join(lines)
        else:
            content = content[:at] + bytes(rng.randrange(256) for _ in range(4)) + content[end:]
    return content


def mutate_json(value: Any, rng: random.Random) -> Any:
    """Return a JSON value in which one place is dropped, renamed, doubled or replaced."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice([*value])
        kind = rng.randrange(5)
        if kind == 0:
            return {k: v for k, v in value.items() if k != key}
        if kind == 1:
            renamed = key + rng.choice(["s", " ", "_", "é"])
            return {(renamed if k == key else k): v for k, v in value.items()}
        return {**value, key: mutate_json(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.6:
        place = rng.randrange(len(value))
        return [*value[:place], mutate_json(value[place], rng), *value[place + 1 :]]
    return rng.choice(VALUES)


def dump_rows(rows: list[Any], suffix: str, rng: random.Random) -> bytes:
    """Return rows as a file of a format, with the escapes or the letters themselves."""
    ascii_only = rng.random() < 0.5
    if suffix == ".json":
        text = json.dumps(rows, ensure_ascii=ascii_only, indent=rng.choice([None, 1]))
    elif suffix == ".jsonl":
        text = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    else:
        delimiter = "\t" if suffix == ".tsv" else rng.choice(",;|")
        names = [*rows[0]] if isinstance(rows[0], dict) else ["text", "summary"]
        lines = [delimiter.join(names)]
        for row in rows:
            values = [*row.values()] if isinstance(row, dict) else [row]
            lines.append(delimiter.join('"' + str(v).replace('"', '""') + '"' for v in values))
        text = "\n".join(lines)
    return text.encode("utf-8", "surrogatepass")
