"""The model card of an exported model: Markdown under YAML that model hubs read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from huggingface_hub import EvalResult, ModelCardData

from abrege.metrics.registry import METRICS, get_metric
from abrege.report.evaluation_model import (
    ScoreEstimate,
)
from abrege.report.format import (
    ABSENT,
    format_confidence,
    format_interval,
    format_metric,
    plural,
)
from abrege.report.markdown import code, escape

_REFERENCE_METRICS = [m.name for m in METRICS.values() if m.section == "reference"]
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
PLACE = re.compile(r"\{meta\.[\w-]+\}")
SHOWN = ("merged", "tuned", "base", "few-shot", "base-cut", "lead")
"""Systems whose scores stand on the card, where they were made, in this order."""


@dataclass(frozen=True, kw_only=True)
class CardScores:
    """The scores of a run, and which system's are those of this model."""

    system: str
    n: int
    groups: int
    confidence: float
    verdict: str
    systems: Mapping[str, Mapping[str, ScoreEstimate | None]]


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What a card says, as plain facts."""

    name: str
    base_model: str
    method: str
    dtype: str
    """How the weights are stored."""
    parity: str
    """How near the model is to the one before merging, in words."""
    data: str
    dataset: str | None = None
    """The data's name on a hub, where it has one."""
    lang: str | None = None
    licence: str | None = None
    encoder_decoder: bool = False
    template: str
    system_message: str | None = None
    chat: bool
    max_tokens: int
    max_new_tokens: int
    training: Mapping[str, object]
    """Settings and counts of the tuning, in the order they are shown."""
    left_out: Sequence[str] = ()
    """Rows that were left out and documents that were cut, with their counts, in words."""
    summary_words: float | None = None
    """Median of the summaries trained on."""
    evaluated: CardScores | None = None


def render_card(card: CardFacts) -> str:
    """Give the whole card, which is the README.md of the model's folder."""
    head = ModelCardData(
        language=card.lang,
        license=card.licence,
        library_name="transformers",
        pipeline_tag="summarization",
        tags=["summarization", "abrege", card.method],
        base_model=card.base_model if HUB_ID.fullmatch(card.base_model) else None,
        datasets=[card.dataset] if card.dataset else None,
        model_name=card.name,
        eval_results=_results(card),
    )
    sections = [
        ("How to use it", _use(card)),
        ("Scores", "\n\n".join(_scores(card))),
        ("How it was tuned", "\n\n".join(_tuning(card))),
        ("What it is asked", "\n\n".join(_prompt(card))),
        ("Limits", "\n".join(f"- {said}" for said in _limits(card))),
    ]
    about = (
        f"A model that summarises, tuned from {escape(card.base_model)} ({card.method}) by abrege "
        f"and stored in {card.dtype}. Against the model before it was exported: "
        f"{escape(card.parity)}."
    )
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections)
    return f"---\n{head.to_yaml()}\n---\n\n# {escape(card.name)}\n\n{about}\n\n{body}\n"


def usage_snippet(card: CardFacts) -> str:
    """Give the Python that summarises one text with transformers alone."""
    kind = "AutoModelForSeq2SeqLM" if card.encoder_decoder else "AutoModelForCausalLM"
    filled = "".join(f'.replace("{place}", "...")' for place in PLACE.findall(card.template))
    talk = [{"role": "system", "content": card.system_message}] if card.system_message else []
    before = f"{talk!r} + " if talk else ""
    asked = ['inputs = tokenizer(request, return_tensors="pt")']
    if card.chat:
        asked = [
            f'talk = {before}[{{"role": "user", "content": request}}]',
            "inputs = tokenizer.apply_chat_template(",
            '    talk, add_generation_prompt=True, return_dict=True, return_tensors="pt"',
            ")",
        ]
    start = "" if card.encoder_decoder else ', inputs["input_ids"].shape[1] :'
    lines = [
        f"from transformers import {kind}, AutoTokenizer",
        "",
        'folder = "."  # the folder of this file',
        "tokenizer = AutoTokenizer.from_pretrained(folder)",
        f"model = {kind}.from_pretrained(folder)",
        "",
        'document = "..."',
        f"request = {card.template!r}",
        f'request = request{filled}.replace("{{document}}", document)',
        *asked,
        "output = model.generate(**inputs)  # generation_config.json says how it decodes",
        f"new = output[0{start}]",
        "print(tokenizer.decode(new, skip_special_tokens=True).strip())",
    ]
    return "\n".join(lines)


def _use(card: CardFacts) -> str:
    meta = "".join(f" --meta {p[6:-1]}=..." for p in PLACE.findall(card.template))
    command = f"abrege summarize article.txt --model DIR{meta}"
    return (
        f"With transformers:\n\n{code(usage_snippet(card), block='python')}\n\n"
        f"Or with abrege, which cuts a document that is too long as in training:\n\n"
        f"{code(command, block='sh')}"
    )


def _results(card: CardFacts) -> list[EvalResult] | None:
    """Give the scores in the form of a model index: shares of 1, with n and signature."""
    given = card.evaluated
    if given is None:
        return None
    return [
        EvalResult(
            task_type="summarization",
            task_name="Summarization",
            dataset_type=card.dataset or "local",
            dataset_name=card.data,
            dataset_split="test",
            metric_type="rouge" if name.startswith("rouge") else name,
            metric_name=get_metric(name).label,
            metric_value=round(score.value, 4),
            metric_args={
                "n": given.n,
                "low": score.low if score.low is None else round(score.low, 4),
                "high": score.high if score.high is None else round(score.high, 4),
                "signature": score.signature,
            },
        )
        for name, score in _told(given)
    ]


def _told(given: CardScores) -> list[tuple[str, ScoreEstimate]]:
    """Give the metrics that the model has a score by, in the order of the report."""
    own = given.systems[given.system]
    return [(name, score) for name in _REFERENCE_METRICS if (score := own.get(name))]


def _scores(card: CardFacts) -> Iterator[str]:
    given = card.evaluated
    if given is None:
        yield "It was not evaluated, or has changed since: `abrege run` evaluates it."
        return
    if given.system != "merged":
        yield f"The scores are of {given.system}, the same model before merging."
    rows = plural(given.n, "test row")
    groups = "" if given.groups == given.n else f" in {plural(given.groups, 'group')}"
    sure = format_confidence(given.confidence)
    yield (
        f"On {rows}{groups}, F1 × 100 for ROUGE, with {sure} intervals. Base is the model before "
        "tuning, asked the same; lead is the document's first sentences."
    )
    names = [name for name, _ in _told(given)]
    lines = [["System", *(get_metric(name).label for name in names)]]
    lines.append(["---", *["---:"] * len(names)])
    lines += [
        [system, *(_cell(name, values.get(name)) for name in names)]
        for system in SHOWN
        if (values := given.systems.get(system))
    ]
    yield "\n".join(f"| {' | '.join(line)} |" for line in lines)
    yield escape(given.verdict)
    yield "\n".join(f"- {get_metric(n).label}: {code(s.signature)}" for n, s in _told(given))


def _cell(name: str, score: ScoreEstimate | None) -> str:
    if score is None:
        return ABSENT
    return escape(
        f"{format_metric(name, score.value)} {format_interval(name, score.low, score.high)}".strip()
    )


def _tuning(card: CardFacts) -> Iterator[str]:
    yield f"Data: {escape(card.data)}."
    if card.left_out:
        yield "\n".join(f"- {escape(line)}" for line in card.left_out)
    rows = [f"| {escape(key)} | {escape(value)} |" for key, value in card.training.items()]
    yield "\n".join(["| setting | value |", "|---|---|", *rows])


def _prompt(card: CardFacts) -> Iterator[str]:
    where = "in the chat template of the tokenizer" if card.chat else "as plain text"
    yield f"The request, {where}; it was the same in training and evaluation:"
    yield code(card.template, block="text")
    if card.system_message:
        yield f"With the system message:\n\n{code(card.system_message, block='text')}"


def _limits(card: CardFacts) -> Iterator[str]:
    if card.lang:
        yield f"It was tuned and tested on texts in one language ({card.lang}), and on no other."
    else:
        yield "The language of its texts was not stated."
    of_prompt = card.max_tokens - (0 if card.encoder_decoder else card.max_new_tokens)
    yield (
        f"It was tuned to read {of_prompt:,} tokens of request and document, and to write at most "
        f"{card.max_new_tokens:,}. The snippet above cuts nothing."
    )
    if card.summary_words is not None:
        yield (
            "It writes summaries as long as those it was tuned on, which have a median of "
            f"{card.summary_words:g} words."
        )
    yield from _faithfulness(card.evaluated)
    if card.licence is None:
        yield (
            "The licence of the base model was not at hand, so none is stated here: its own page "
            "says what is allowed."
        )


def _faithfulness(given: CardScores | None) -> Iterator[str]:
    """Say what was found in the summaries that the documents do not hold."""
    found = given and given.systems[given.system].get("unsupported")
    if not given or not found:
        yield "Whether it keeps to the facts of a document was not checked."
        return
    base = given.systems.get("base", {}).get("unsupported")
    against = f" (base: {format_metric('unsupported', base.value)})" if base else ""
    yield (
        f"{format_metric('unsupported', found.value)} of its summaries{against} hold a number, "
        "date, name or quotation that the document does not hold, which is not always false. "
        "Rules looked for these; other errors were not looked for."
    )
