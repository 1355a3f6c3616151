"""A run as the report sees it, with invented numbers, for the tests of the report."""

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from abrege.evaluation.verdict import TuningVerdict
from abrege.report.evaluation_model import (
    ScoreEstimate,
    SystemComparison,
)
from abrege.report.table import Table
from abrege.report.view_model import (
    ExampleGroup,
    ExampleRow,
    ExampleSummary,
    LengthSample,
    LossPoint,
    RunReport,
    RunSetup,
    SplitSize,
    StageSummary,
)

VOID = {"meta", "link", "br", "hr", "img"}


def an_estimate(value: float, **changes: Any) -> ScoreEstimate:
    values = {"low": value - 0.02, "high": value + 0.02, "signature": "rougeL|words:unicode|n:150"}
    return ScoreEstimate(value=value, **{**values, **changes})


def a_system(rouge_1: float) -> dict[str, ScoreEstimate | None]:
    return {
        "rouge1": an_estimate(rouge_1, signature="rouge1|words:unicode|n:150"),
        "rougeL": an_estimate(rouge_1 - 0.1),
        "length_ratio": an_estimate(1.25, low=1.2, high=1.3),
        "stop_rate": None,
    }


def a_comparison(**changes: Any) -> SystemComparison:
    values = {
        "metric": "rougeL",
        "system": "tuned",
        "baseline": "base",
        "difference": 0.074,
        "low": 0.05,
        "high": 0.1,
        "p": 0.0005,
        "wins": 101,
        "ties": 3,
        "losses": 46,
        "n": 150,
    }
    return SystemComparison(**{**values, **changes})


def an_example(**changes: Any) -> ExampleRow:
    values = {
        "id": "paper-1/outcome",
        "document": "A short document.",
        "references": ["What it says."],
        "summaries": [
            ExampleSummary(system="base", text="It goes on.", rouge_l=0.123, hit_limit=True),
            ExampleSummary(system="tuned", text="It says.", rouge_l=0.456),
        ],
        "lang": "en",
        "difference": 0.333,
    }
    return ExampleRow(**{**values, **changes})


def an_example_group(*examples: ExampleRow) -> ExampleGroup:
    return ExampleGroup(title="Best", rule="Said here.", examples=examples)


def a_stage(**changes: Any) -> StageSummary:
    values = {
        "name": "tune",
        "counts": {"rows": 300, "dropped/too_long": 4},
        "notes": ["a note"],
        "versions": {"torch": "2.13.0"},
        "seconds": 251.3,
        "peak_memory_bytes": 2_913_000_000,
        "device": "cpu",
        "dtype": "bfloat16",
        "finished": "2026-11-22T04:12:09+00:00",
    }
    return StageSummary(**{**values, **changes})


def a_run(**changes: Any) -> RunReport:
    run = RunReport(
        name="quickstart",
        setup=RunSetup(
            model="a-model",
            source="a-source",
            splits=[
                SplitSize(name="train", rows=300, groups=100),
                SplitSize(name="test", rows=150),
            ],
            lang="en",
            method="LoRA",
            trainable=36,
            parameters=1000,
        ),
        recipe="name: quickstart\n",
        n=150,
        groups=50,
        verdict=TuningVerdict(better=True, sentence="Tuned is better. This is one run."),
        systems={"tuned": a_system(0.368), "base": a_system(0.209)},
        comparisons=[a_comparison()],
        steps=[
            LossPoint(step=1, loss=3.1),
            LossPoint(step=2, loss=2.6),
            LossPoint(step=2, eval_loss=2.7),
        ],
        lengths=[
            LengthSample(name="train summaries", kind="train", words=[20, 24, 30]),
            LengthSample(name="tuned", kind="tuned", words=[18, 19]),
        ],
        example_groups=[an_example_group(an_example())],
        stages=[a_stage()],
        preflight={
            "rows": 300,
            "documents_cut": 2,
            "document_tokens": 900,
            "document_tokens_cut": 9,
        },
    )
    return replace(run, **changes)


def texts(table: Table) -> list[list[str]]:
    """Return the text of every cell."""
    return [[cell.text for cell in row] for row in table.rows]


class ParsedPage(HTMLParser):
    """A page as a browser parses it: tags closed in order, texts, attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(("/".join(self.open), data))

    def inside(self, tag: str) -> str:
        return " ".join(text for at, text in self.texts if tag in at.split("/"))

    @property
    def text(self) -> str:
        return " ".join(text for at, text in self.texts if "style" not in at)
