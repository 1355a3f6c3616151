"""Stress: let a model summarise texts written to trip it, and judge what it says by rules.

reads   a run folder, or any model
writes  stress/SYSTEM.jsonl, stress/scores.json in the run folder, or in another
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import abrege
from abrege.core.errors import RecipeError
from abrege.core.events import OnEvent, silent
from abrege.core.hashing import hash_json
from abrege.core.io import disk_error, write_json, write_jsonl
from abrege.core.run_folder import find_tuned_folder
from abrege.core.types import Pair, Prediction
from abrege.human_eval.agreement import preference
from abrege.metrics.registry import nearest
from abrege.pipeline.fingerprint import code_version
from abrege.stress.cases import KINDS, Case, cases
from abrege.stress.verdict import Judged, judge

if TYPE_CHECKING:
    from abrege.inference.summarizer import Summarizer

LANGS = ("en", "fr")
CODE = (
    "stress/run",
    "stress",
    "models",
    "compute",
    "training",
    "inference",
    "prompts",
    "export/merge",
    "export/parity",
)


@dataclass(frozen=True)
class Suite:
    """Which cases are asked."""

    langs: Sequence[str] = LANGS
    per_kind: int = 20
    seed: int = 0
    kinds: Sequence[str] = tuple(name for name, _ in KINDS)

    def cases(self) -> list[Case]:
        """Make the cases; RecipeError for a language or kind that there is not."""
        known = [name for name, _ in KINDS]
        if unknown := [kind for kind in self.kinds if kind not in known]:
            raise RecipeError(f"there is no kind {unknown[0]!r}; {nearest(unknown[0], known)}")
        made = [cases(lang, seed=self.seed, per_kind=self.per_kind) for lang in self.langs]
        return [case for of_lang in made for case in of_lang if case.kind in self.kinds]

    def signature(self) -> str:
        """Say which texts these are."""
        texts = hash_json([case.document for case in self.cases()])
        made = f"stress|abrege-{abrege.__version__}|seed:{self.seed}|per-kind:{self.per_kind}"
        return f"{made}|langs:{','.join(self.langs)}|texts:{texts[:8]}"


def run(
    model: str,
    out: Path,
    suite: Suite,
    *,
    meta: Mapping[str, str] | None = None,
    on_event: OnEvent = silent,
) -> dict[str, Any]:
    """Ask a model, and where it was tuned its base too; write and return what came of it.

    model  a run folder or its tune folder; or any folder, hub id, .gguf file or demo part
    meta   what stands for {meta.KEY} in the request of a tuned model

    A run that was killed goes on where it stopped.
    """
    asked = suite.cases()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, out) from error
    judged, cut, weights = {}, {}, ""
    for system, opened in _systems(model, suite.langs, on_event):
        said = _answers(system, opened, asked, meta or {}, out, on_event)
        judged[system] = [judge(c, p.prediction) for c, p in zip(asked, said, strict=True)]
        rows = zip(asked, said, judged[system], strict=True)
        write_jsonl(out / f"{system}.jsonl", (_row(*row) for row in rows))
        cut[system] = sum(p.document_tokens_cut > 0 for p in said)
        weights = next(iter(opened[0].values())).weights
    found = {
        "model": model,
        "weights": weights,
        "signature": suite.signature(),
        "cut": cut,
        **told(asked, judged),
    }
    write_json(out / "scores.json", found)
    return found


def told(asked: Sequence[Case], judged: Mapping[str, Sequence[Judged]]) -> dict[str, Any]:
    """Give the share that passes, by kind and of all, for each system."""
    kinds = {}
    for kind, about in KINDS:
        places = [n for n, case in enumerate(asked) if case.kind == kind]
        if places:
            kinds[kind] = {"about": about, **_of(places, judged)}
    langs = {
        lang: _of([n for n, case in enumerate(asked) if case.lang == lang], judged)
        for lang in dict.fromkeys(case.lang for case in asked)
    }
    return {"all": _of(range(len(asked)), judged), "kinds": kinds, "langs": langs}


def _of(places: Sequence[int], judged: Mapping[str, Sequence[Judged]]) -> dict[str, Any]:
    """Give of some cases each system's share that passes, and whether tuned differs from base."""
    found: dict[str, Any] = {"n": len(places), "systems": {}}
    for system, of_system in judged.items():
        outcomes = [of_system[n].outcome for n in places]
        share = preference(["win" if o == "passed" else "loss" for o in outcomes])
        found["systems"][system] = {
            **{outcome: outcomes.count(outcome) for outcome in ("passed", "wrong", "omitted")},
            "share": share.share,
            "low": share.low,
            "high": share.high,
        }
    if {"base", "tuned"} <= {*judged}:
        # Cases that both pass, or neither, say nothing of which is better (McNemar's test, exact).
        better = [_better(judged["base"][n], judged["tuned"][n]) for n in places]
        found["p"] = preference(better).p
    return found


def _better(base: Judged, tuned: Judged) -> Any:
    passed = [j.outcome == "passed" for j in (base, tuned)]
    return "tie" if passed[0] == passed[1] else "win" if passed[1] else "loss"


def _row(case: Case, said: Prediction, judged: Judged) -> dict[str, Any]:
    return {
        "id": case.id,
        "kind": case.kind,
        "lang": case.lang,
        "document": case.document,
        "prediction": said.prediction,
        "document_tokens_cut": said.document_tokens_cut,
        "outcome": judged.outcome,
        "why": judged.why,
        "point": case.point,
    }


Opened = tuple[Mapping[str, "Summarizer"], AbstractContextManager[Any]]
"""Language → the model as it is asked in it, and what must be entered while it is asked."""


def _systems(model: str, langs: Sequence[str], on_event: OnEvent) -> Iterator[tuple[str, Opened]]:
    from abrege.inference import summarizer as summarize

    folder = Path(model).expanduser()
    if find_tuned_folder(folder) is None:
        opened = summarize.open_untuned(model, langs, on_event=on_event)
        yield "base", (opened, nullcontext())
        return
    tuned = summarize.open_model(folder, on_event=on_event)
    for_all = dict.fromkeys(langs, tuned)
    adapted: Any = tuned.decoder.model
    if hasattr(adapted, "disable_adapter"):  # a merged model has no base beside it
        yield "base", (for_all, adapted.disable_adapter())
    yield "tuned", (for_all, nullcontext())


def _check_meta(models: "Iterable[Summarizer]", meta: Mapping[str, str]) -> None:
    """Refuse to ask a model whose request needs what was not given."""
    from abrege.prompts.prompt_format import PLACE

    for model in models:
        for place in PLACE.findall(model.renderer.rendering.template):
            key = place.removeprefix("meta.")
            if place != key and key not in meta:
                raise RecipeError(
                    f"this model's request asks for {{meta.{key}}}: give it with --meta {key}=..."
                )


def _answers(
    system: str,
    opened: Opened,
    asked: Sequence[Case],
    meta: Mapping[str, str],
    out: Path,
    on_event: OnEvent,
) -> list[Prediction]:
    """Let a model summarise the cases, language by language, kept on disk batch by batch."""
    from abrege.inference.resume import decoded
    from abrege.models import device

    models, entered = opened
    _check_meta(models.values(), meta)
    found: dict[str, Prediction] = {}
    with entered, device.retained_heap():
        for lang, model in models.items():
            rows = [case for case in asked if case.lang == lang]
            pairs = [
                Pair(id=c.id, document=c.document, references=[], lang=lang, meta=meta)
                for c in rows
            ]
            prompts = [model.renderer.prompt(pair) for pair in pairs]
            # Of the key: the prompts, the weights, how they decode, and the code that does it.
            key = hash_json(
                [
                    [prompt.prompt_ids for prompt in prompts],
                    [system, model.weights],
                    vars(model.decoder.profile),
                    code_version(*CODE),
                ]
            )
            partial = out / f"{system}-{lang}.partial"
            predictions = decoded(
                model.decoder, prompts, partial, task=f"stress {system} {lang}", key=key,
                on_event=on_event,
            )  # fmt: skip
            found |= {p.id: p for p in predictions}
    return [found[case.id] for case in asked]
