"""Teachers: a model behind a server or on this machine, as a recipe configures it."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from abrege.annotation.attempts import AnnotationPlan
from abrege.annotation.budget import Budget, Price, estimate_tokens
from abrege.annotation.checks import checks, consensus
from abrege.annotation.scheduler import CompleteAll
from abrege.annotation.thinking_budget import ThinkingMonitor
from abrege.core.errors import SetupError
from abrege.core.events import OnEvent, silent
from abrege.core.secrets import is_masked, mask_fields
from abrege.llm_client import server_dialects as dialects
from abrege.llm_client.concurrency import FailedRequest, Request, complete_all
from abrege.llm_client.openai_client import Message, OpenAIClient, SamplingParams
from abrege.llm_client.response_body import Completion
from abrege.metrics.format_checks import find_preamble
from abrege.pipeline.executors import LazyFunction, Pool, absolute_if_path, open_pool
from abrege.recipe import Annotate, Recipe

if TYPE_CHECKING:
    from abrege.inference.local_chat_model import ChatModel

WAVE_BATCHES = 1000
"""Batches sent to the workers at a time: on a cluster each wave loads the model again."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A model that writes summaries."""

    name: str
    """Its name in the keys of the response cache, with the revision if known."""
    complete_all: CompleteAll
    context_window: int | None
    count_tokens: Callable[[Sequence[Message]], int]
    provenance: dict[str, Any]
    """Its entry in the manifest."""


@contextmanager
def open_teacher(recipe: Recipe, *, on_event: OnEvent) -> Iterator[Teacher]:
    """Open the teacher of a recipe: a client of its server, or the local model."""
    settings = recipe.annotate
    assert settings.model is not None
    if settings.teacher == "local":
        engine = recipe.engine
        pool = open_pool(
            engine.name, address=engine.address, workers=engine.workers, gpus=engine.gpus
        )
        yield _local_teacher(settings, recipe.data.lang, pool, on_event)
        return
    if is_masked(settings.extra_body):
        raise SetupError(
            "annotate.extra_body was written without its secrets (***).\n"
            "  Give them again, with --set annotate.extra_body.NAME=…"
        )
    with OpenAIClient(
        settings.model,
        base_url=settings.base_url,
        extra_body=settings.extra_body,
        timeout_seconds=settings.timeout_seconds,
    ) as client:
        yield Teacher(
            name=settings.model,
            complete_all=partial(complete_all, client, workers=settings.workers),
            context_window=settings.context_window,
            count_tokens=estimate_tokens,
            provenance={"server": client.address},
        )


def annotation_plan(settings: Annotate, teacher: Teacher) -> AnnotationPlan:
    """Return how each document is requested, and which summaries are rejected."""
    return AnnotationPlan(
        teacher=teacher.name,
        params=SamplingParams(
            temperature=settings.temperature,
            top_p=settings.top_p if settings.temperature != 0 else None,  # greedy: no nucleus
            max_tokens=settings.max_new_tokens,
            seed=settings.seed,
        ),
        extra_body=mask_fields(settings.extra_body),
        template=settings.prompt,
        system=settings.system,
        max_attempts=settings.attempts,
        candidates=settings.candidates,
        choose=consensus if settings.choose == "consensus" else None,
        context_window=teacher.context_window,
        count_tokens=teacher.count_tokens,
        find_preamble=find_preamble,
        checks=checks(settings),
    )


def thinking_monitor(
    settings: Annotate, *, documents: int, has_pairs: bool = False
) -> ThinkingMonitor:
    """Return the monitor of a run: see `ThinkingMonitor`."""
    return ThinkingMonitor(
        model=settings.model or settings.teacher,
        documents=documents,
        max_new_tokens=settings.max_new_tokens,
        has_server=settings.teacher == "server",
        has_pairs=has_pairs,
    )


def option_advice(message: str, settings: Annotate) -> str:
    """Return a line for each option that a server's message names and a recipe can leave out."""
    names = [
        name
        for name in ("seed", "top_p", "temperature")
        if getattr(settings, name) is not None and re.search(rf"(?<![\w-]){name}(?![\w-])", message)
    ]
    if {"top_p", "temperature"} <= {*names}:  # some models take one of them
        names.remove("temperature")
    lines = [f"  Leave it out: --set annotate.{name}=null" for name in names]
    lines += [
        f"  Remove annotate.extra_body.{name} from the recipe."
        for name in settings.extra_body
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message)
    ]
    if dialects.THINKING_REFUSED.search(message):
        lines.append("  Switch it off: --set annotate.extra_body.enable_thinking=false")
    if settings.system and dialects.NO_SYSTEM.search(message):
        lines.append("  Write annotate.system into annotate.prompt, before {document}.")
    return "\n".join(lines)


def annotation_budget(settings: Annotate) -> Budget:
    """Return the budget of a recipe, with nothing spent."""
    caps = {cap: most for cap, most in settings.budget.model_dump().items() if most is not None}
    price = settings.price
    return Budget(caps, Price(price.prompt, price.completion) if price else None)


def _local_teacher(
    settings: Annotate, lang: str | None, pool: Pool | None, on_event: OnEvent
) -> Teacher:
    model = _open_model(settings, lang, on_event)
    longest = model.max_length
    assert settings.model is not None
    for_workers = settings.model_copy(update={"model": absolute_if_path(settings.model)})
    in_worker = LazyFunction(partial(_open_in_worker, for_workers, lang))
    complete_batch = in_worker if pool else partial(_complete_batch, model)
    return Teacher(
        name=f"{settings.model}@{model.weights}, {model.weight_format}",
        complete_all=partial(
            _complete_in_waves, pool or map, complete_batch, rows=settings.workers
        ),
        context_window=min(longest, settings.context_window or longest),
        count_tokens=lambda messages: len(model.tokenize(messages)),
        provenance={
            "weights": model.weights,
            "packing": model.weight_format,
            "device": model.device,
        },
    )


def _open_model(settings: Annotate, lang: str | None, on_event: OnEvent = silent) -> "ChatModel":
    from abrege.inference.local_chat_model import load_chat_model

    assert settings.model is not None
    return load_chat_model(
        settings.model, lang=lang, four_bits=settings.quantization == "nf4", on_event=on_event
    )


def _open_in_worker(
    settings: Annotate, lang: str | None
) -> Callable[[Sequence[Request]], list[Completion]]:
    """Load the model in the worker process."""
    return partial(_complete_batch, _open_model(settings, lang))


def _complete_in_waves(
    pool: Pool,
    complete_batch: Callable[[Sequence[Request]], list[Completion]],
    requests: Iterable[Request | None],
    *,
    rows: int,
) -> Generator[tuple[Request, Completion | FailedRequest], None, None]:
    """Complete the requests that there are, `rows` per batch, then those that followed from them.

    A batch is the same on one machine and on many, so its padding and its samples are too.
    """
    pending = iter(requests)
    while wave := [*islice(iter(partial(next, pending, None), None), WAVE_BATCHES * rows)]:
        batches = [wave[n : n + rows] for n in range(0, len(wave), rows)]
        for batch, completions in zip(batches, pool(complete_batch, batches), strict=True):
            yield from zip(batch, completions, strict=True)


def _complete_batch(model: "ChatModel", batch: Sequence[Request]) -> list[Completion]:
    params = batch[0].params
    assert params is not None
    assert params.temperature is not None
    assert params.max_tokens is not None
    decoded = model.reply(
        [request.messages for request in batch],
        key="".join(request.key for request in batch),
        temperature=params.temperature,
        top_p=params.top_p,
        max_new_tokens=params.max_tokens,
    )
    return [
        Completion(
            text=one.prediction,
            finish_reason=one.finish_reason or "",
            prompt_tokens=one.prompt_tokens,
            completion_tokens=one.new_tokens,
            model=model.weights,
            seconds=decoded.seconds / len(batch),
        )
        for one in decoded.predictions
    ]
