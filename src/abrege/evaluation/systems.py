"""The registry of systems: whose summaries a run compares, and how each one is shown.

To add a system: its name and entry here; if no model writes it, also a case in `predict_by_rule`
of `stages/generate`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from abrege.core.run_folder import RunFolder

SystemName = Literal["lead", "random", "oracle", "base", "base-cut", "few-shot", "tuned", "merged"]
"""The systems that a recipe can list in `generate.systems`, in the order they are generated."""

Marker = Literal["circle", "square", "diamond", "triangle"]

TUNED = "tuned"
"""The system that the others are compared with."""
HUMAN = "human"
"""The references as a system: not generated, but scored where rows have several references."""

_FURTHER_SEED = re.compile(r"tuned-(\d+)")
_NEUTRAL = ("#66645e", "#aeaba3")


@dataclass(frozen=True, kw_only=True)
class System:
    """One source of summaries.

    order        position in tables and plots, from 0
    description  noun phrase that explains the name in a caption or a sentence
    color        of plots, on a light and on a dark page
    """

    name: str
    label: str
    description: str
    order: int
    color: tuple[str, str] = _NEUTRAL
    marker: Marker = "circle"
    is_baseline: bool = False
    """Tuned is tested against this system, by a paired test for each metric."""
    in_verdict: bool = False
    """Tuned must beat this system to be called better."""
    by_model: bool = False
    """A model decodes the summaries; the other systems copy sentences."""
    has_likelihood: bool = False
    """The log-likelihood of the references is measured too, for perplexity."""
    reads_train: bool = False
    """The summaries depend on the train split: on its summary lengths or its pairs."""
    model_folder: str | None = None
    """Where in the run folder the tokenizer and abrege.json of a model are."""
    tuned_weights: bool = False
    """The model in `model_folder` is loaded, and not the base model of the recipe."""


_ALL = (
    System(
        name=TUNED,
        label="Tuned",
        description="the base model after tuning",
        order=0,
        color=("#1d5a9e", "#80b5f2"),
        by_model=True,
        has_likelihood=True,
        model_folder="tune",
        tuned_weights=True,
    ),
    System(
        name="merged",
        label="Merged",
        description="the tuned model with its adapter merged into the weights",
        order=1,
        by_model=True,
        model_folder="export/merged",
        tuned_weights=True,
    ),
    System(
        name="base",
        label="Base",
        description="the base model before tuning",
        order=2,
        color=("#b14f08", "#f0a060"),
        marker="square",
        is_baseline=True,
        in_verdict=True,
        by_model=True,
        has_likelihood=True,
        model_folder="tune",
    ),
    System(
        name="few-shot",
        label="Few-shot",
        description="the base model with few-shot examples in its prompt",
        order=3,
        is_baseline=True,
        in_verdict=True,
        by_model=True,
        reads_train=True,
        model_folder="tune",
    ),
    System(
        name="base-cut",
        label="Base, truncated",
        description="base, truncated to the length of the train summaries",
        order=4,
        color=("#7b4896", "#cba4e4"),
        marker="diamond",
        is_baseline=True,
        in_verdict=True,
        reads_train=True,
    ),
    System(
        name="lead",
        label="Lead",
        description="the first sentences of the document",
        order=5,
        marker="triangle",
        is_baseline=True,
        reads_train=True,
    ),
    System(
        name="random",
        label="Random",
        description="one sentence of the document, drawn at random",
        order=6,
    ),
    System(
        name="oracle",
        label="Oracle",
        description="the sentences of the document that score best against the references, "
        "an upper bound on extraction",
        order=7,
    ),
    System(
        name=HUMAN,
        label="Human",
        description="one reference scored against the other references of its row, "
        "so with one reference less than the systems",
        order=8,
    ),
)
SYSTEMS = {system.name: system for system in _ALL}
BASELINES = tuple(system.name for system in _ALL if system.is_baseline)
"""What tuned is tested against, in the order of the tables."""


def get_system(name: str) -> System:
    """Return the entry of a system; `tuned-2` and further seeds share that of tuned.

    A name that is not registered, such as a file given to `abrege compare`, has an entry that
    keeps its name, comes last and is drawn in the neutral color.
    """
    if name in SYSTEMS:
        return SYSTEMS[name]
    if seed := _FURTHER_SEED.fullmatch(name):
        return replace(
            SYSTEMS[TUNED],
            name=name,
            label=f"Tuned, run {seed[1]}",
            color=_NEUTRAL,
            model_folder=f"tune-{seed[1]}",
        )
    return System(name=name, label=name, description=name, order=len(_ALL))


def in_order(names: Iterable[str]) -> list[str]:
    """Sort systems for display: tuned with its seeds, the baselines, the bounds, then others."""
    return sorted(names, key=lambda name: (get_system(name).order, name != TUNED))


def model_folder(run_folder: RunFolder, system: str) -> Path:
    """Return the folder in a run with the tokenizer and abrege.json that a system decodes with."""
    folder = get_system(system).model_folder
    assert folder is not None, f"{system} has no model"
    return run_folder.path / folder
