"""The text of a model card: Markdown under YAML metadata that model hubs read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from huggingface_hub import EvalResult, ModelCardData

from abrege.evaluation.systems import SYSTEMS
from abrege.metrics.registry import METRICS, get_metric
from abrege.report.evaluation_model import ScoreEstimate
from abrege.report.evaluation_tables import system_table
from abrege.report.format import (
    format_confidence,
    format_metric,
    plural,
)
from abrege.report.markdown import code, escape, render_table
from abrege.report.table import Table, TextCell, text_columns

REFERENCE_METRICS = [m.name for m in METRICS.values() if m.section == "reference"]
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
META_FIELD = re.compile(r"\{meta\.[\w-]+\}")
CARD_SYSTEMS = [s.name for s in SYSTEMS.values() if s.by_model or s.is_baseline]
"""Systems in the table of scores, in this order, as far as the run has them."""


@dataclass(frozen=True, kw_only=True)
class CardScores:
    """The scores of a run.

    system      the system whose scores are those of this model
    n           test rows
    groups      groups of test rows
    confidence  of the intervals
    verdict     the report's conclusion, one sentence
    systems     scores by system and metric
    """

    system: str
    n: int
    groups: int
    confidence: float
    verdict: str
    systems: Mapping[str, Mapping[str, ScoreEstimate | None]]


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """The facts that a card states.

    dtype          of the stored weights
    parity         how near the model is to the one before merging, in words
    data           name of the data
    dataset        its name on a hub, if it has one
    base_license   license of the base model, if known
    training       settings and counts of the training, in the order of the card
    dropped        rows that were dropped and documents that were cut, with their counts, in words
    summary_words  median length of the training summaries
    """

    name: str
    base_model: str
    method: str
    dtype: str
    parity: str
    data: str
    dataset: str | None = None
    lang: str | None = None
    base_license: str | None = None
    is_encoder_decoder: bool = False
    template: str
    system_message: str | None = None
    chat: bool
    max_tokens: int
    max_new_tokens: int
    training: Mapping[str, object]
    dropped: Sequence[str] = ()
    summary_words: float | None = None
    scores: CardScores | None = None


def render_card(card: CardFacts) -> str:
    """Return the whole card: README.md of the model's folder."""
    metadata = ModelCardData(
        language=card.lang,
        license=card.base_license,
        library_name="transformers",
        pipeline_tag="summarization",
        tags=["summarization", "abrege", card.method],
        base_model=card.base_model if HUB_ID.fullmatch(card.base_model) else None,
        datasets=[card.dataset] if card.dataset else None,
        model_name=card.name,
        eval_results=_eval_results(card),
    )
    sections = [
        ("Usage", _usage(card)),
        ("Evaluation", "\n\n".join(_evaluation(card))),
        ("Training", "\n\n".join(_training(card))),
        ("Prompt", "\n\n".join(_prompt(card))),
        ("Limitations", "\n".join(f"- {limitation}" for limitation in _limitations(card))),
    ]
    introduction = (
        f"A model that summarizes, tuned from {escape(card.base_model)} ({card.method}) with "
        f"abrege and stored in {card.dtype}. Against the model before it was exported: "
        f"{escape(card.parity)}."
    )
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections)
    return f"---\n{metadata.to_yaml()}\n---\n\n# {escape(card.name)}\n\n{introduction}\n\n{body}\n"


def usage_snippet(card: CardFacts) -> str:
    """Return Python code that summarizes one text with transformers alone."""
    model_class = "AutoModelForSeq2SeqLM" if card.is_encoder_decoder else "AutoModelForCausalLM"
    fill = "".join(f'.replace("{field}", "...")' for field in META_FIELD.findall(card.template))
    system = [{"role": "system", "content": card.system_message}] if card.system_message else []
    first_messages = f"{system!r} + " if system else ""
    tokenize = ['inputs = tokenizer(request, return_tensors="pt")']
    if card.chat:
        tokenize = [
            f'messages = {first_messages}[{{"role": "user", "content": request}}]',
            "inputs = tokenizer.apply_chat_template(",
            '    messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"',
            ")",
        ]
    start = "" if card.is_encoder_decoder else ', inputs["input_ids"].shape[1] :'
    lines = [
        f"from transformers import {model_class}, AutoTokenizer",
        "",
        'folder = "."  # the folder of this file',
        "tokenizer = AutoTokenizer.from_pretrained(folder)",
        f"model = {model_class}.from_pretrained(folder)",
        "",
        'document = "..."',
        f"request = {card.template!r}",
        f'request = request{fill}.replace("{{document}}", document)',
        *tokenize,
        "output = model.generate(**inputs)  # decoding settings: generation_config.json",
        f"new = output[0{start}]",
        "print(tokenizer.decode(new, skip_special_tokens=True).strip())",
    ]
    return "\n".join(lines)


def _usage(card: CardFacts) -> str:
    meta = "".join(f" --meta {field[6:-1]}=..." for field in META_FIELD.findall(card.template))
    command = f"abrege summarize article.txt --model DIR{meta}"
    return (
        f"With transformers:\n\n{code(usage_snippet(card), block='python')}\n\n"
        f"With abrege, which cuts a document that is too long as in training:\n\n"
        f"{code(command, block='sh')}"
    )


def _eval_results(card: CardFacts) -> list[EvalResult] | None:
    """Return the scores for a model index: shares of 1, with n and signature."""
    scores = card.scores
    if scores is None:
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
                "n": scores.n,
                "low": score.low if score.low is None else round(score.low, 4),
                "high": score.high if score.high is None else round(score.high, 4),
                "signature": score.signature,
            },
        )
        for name, score in _model_scores(scores)
    ]


def _model_scores(scores: CardScores) -> list[tuple[str, ScoreEstimate]]:
    """Return the metrics for which this model has a score, in the order of the report."""
    own = scores.systems[scores.system]
    return [(name, score) for name in REFERENCE_METRICS if (score := own.get(name))]


def _evaluation(card: CardFacts) -> Iterator[str]:
    scores = card.scores
    if scores is None:
        yield "This model was not evaluated, or it changed since: `abrege run` evaluates it."
        return
    if scores.system != "merged":
        yield f"The scores are of {scores.system}, the same model before merging."
    rows = plural(scores.n, "test row")
    groups = "" if scores.groups == scores.n else f" in {plural(scores.groups, 'group')}"
    yield (
        f"On {rows}{groups}; ROUGE is F1 × 100, with "
        f"{format_confidence(scores.confidence)} confidence intervals. Base is the model "
        "before tuning with the same prompt; lead is the first sentences of the document."
    )
    model_scores = _model_scores(scores)
    shown = {s: scores.systems[s] for s in CARD_SYSTEMS if s in scores.systems}
    yield render_table(system_table(shown, [name for name, _ in model_scores], n=scores.n))
    yield escape(scores.verdict)
    yield "\n".join(
        f"- {get_metric(name).label}: {code(score.signature)}" for name, score in model_scores
    )


def _training(card: CardFacts) -> Iterator[str]:
    yield f"Data: {escape(card.data)}."
    if card.dropped:
        yield "\n".join(f"- {escape(line)}" for line in card.dropped)
    rows = [[TextCell(key), TextCell(str(value))] for key, value in card.training.items()]
    yield render_table(Table(columns=text_columns("Setting", "Value"), rows=rows))


def _prompt(card: CardFacts) -> Iterator[str]:
    form = "in the chat template of the tokenizer" if card.chat else "as plain text"
    yield f"The prompt template, {form}; it was the same in training and evaluation:"
    yield code(card.template, block="text")
    if card.system_message:
        yield f"With the system message:\n\n{code(card.system_message, block='text')}"


def _limitations(card: CardFacts) -> Iterator[str]:
    if card.lang:
        yield f"It was tuned and tested on texts in one language ({card.lang}), and on no other."
    else:
        yield "The language of its texts was not stated."
    prompt_tokens = card.max_tokens - (0 if card.is_encoder_decoder else card.max_new_tokens)
    yield (
        f"It was tuned to read {prompt_tokens:,} tokens of prompt and document, and to write at "
        f"most {card.max_new_tokens:,}. The snippet above cuts nothing."
    )
    if card.summary_words is not None:
        yield (
            "Its summaries are about as long as those it was tuned on, whose median is "
            f"{card.summary_words:g} words."
        )
    yield from _faithfulness(card.scores)
    if card.base_license is None:
        yield (
            "The license of the base model was not available, so none is stated here: see the page "
            "of the base model."
        )


def _faithfulness(scores: CardScores | None) -> Iterator[str]:
    """Yield how many summaries hold facts that the documents do not."""
    unsupported = scores and scores.systems[scores.system].get("unsupported")
    if not scores or not unsupported:
        yield "Whether its summaries are faithful to the documents was not checked."
        return
    base = scores.systems.get("base", {}).get("unsupported")
    baseline = f" (base: {format_metric('unsupported', base.value)})" if base else ""
    yield (
        f"{format_metric('unsupported', unsupported.value)} of its summaries{baseline} hold "
        "a number, date, name or quotation that the document does not hold, which is not always "
        "false. Rules look for these; other errors are not looked for."
    )
