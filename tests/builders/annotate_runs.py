"""Run folders with clean documents, and teachers with scripted summaries."""

import json
import os
import sys
from functools import partial
from pathlib import Path

from abrege.core.events import silent
from abrege.core.io import write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.llm_client import openai_client
from abrege.llm_client.retry import RetryPolicy
from abrege.recipe import parse
from abrege.stages import annotate
from builders.fake_server import Reply
from builders.records import a_document

NAMES = ("Ada", "Bea", "Cleo", "Dora", "Emma", "Fay")


def a_text(n):
    return a_document().text.replace("Jane Porter", f"{NAMES[n % 6]} Porter").replace("12", f"{n}")


def a_summary(n):
    return f"Mayor {NAMES[n % 6]} Porter shuts a rusted bridge; its repair takes {n} million."


def number(body):
    """Return the number of the document that a request is about."""
    prompt = next(m["content"] for m in body["messages"] if m["role"] == "user")
    return int(prompt.partition("repair costs ")[2].split()[0])


def faithful(body):
    return Reply(a_summary(number(body)))


def a_run(folder, *, count=6, first=20):
    """Write clean documents that differ only in a name and a number."""
    documents = [a_document(id=f"d{n}", text=a_text(n)) for n in range(first, first + count)]
    write_jsonl(folder / "clean/documents.jsonl", documents)
    return folder


def a_recipe(url=None, **changes):
    annotate = {"teacher": "server", "model": "m-1", "base_url": url} if url else {}
    return parse(
        {
            "collect": {"source": "x"},
            "tune": {"model": "s"},
            "data": {"lang": "en"},
            "annotate": {**annotate, **changes},
        }
    )


def lines(folder, name):
    path = folder / f"annotate/{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def ids(folder, name):
    return [line["id"] for line in lines(folder, name)]


def impatient():
    """Let failed requests be retried at once."""
    openai_client.RetryPolicy = partial(RetryPolicy, first_seconds=0.001)


if __name__ == "__main__":  # children to be killed, of a process that has imported all they need
    import openai  # noqa: F401

    impatient()
    recipe = a_recipe(sys.argv[2], workers=2, timeout_seconds=0.5)
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            annotate.run(recipe, RunFolder(Path(sys.argv[1])), on_event=silent)
            os._exit(0)
        os.write(1, f"{child}\n".encode())
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n".encode())
