"""The stress test: a model summarizes texts with a trap, and rules judge its summaries.

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
from abrege.human_eval.preference import Outcome, preference_share
from abrege.metrics.registry import nearest
from abrege.pipeline.fingerprint import code_fingerprint
from abrege.stress.cases import KINDS, LANGS, StressCase, make_cases
from abrege.stress.verdict import CaseVerdict, judge

if TYPE_CHECKING:
    from abrege.inference.summarizer import Summarizer

LoadedSystem = tuple[Mapping[str, "Summarizer"], AbstractContextManager[Any]]
"""Language → the model with its prompt in it, and a context to enter while it generates."""


@dataclass(frozen=True)
class CaseSelection:
    """The cases of a stress test."""

    langs: Sequence[str] = LANGS
    per_kind: int = 20
    seed: int = 0
    kinds: Sequence[str] = tuple(name for name, _ in KINDS)

    def cases(self) -> list[StressCase]:
        """Return the selected cases; raise RecipeError for an unknown language or kind."""
        known = [name for name, _ in KINDS]
        if unknown := [kind for kind in self.kinds if kind not in known]:
            raise RecipeError(f"there is no kind {unknown[0]!r}; {nearest(unknown[0], known)}")
        return [
            case
            for lang in self.langs
            for case in make_cases(lang, seed=self.seed, per_kind=self.per_kind)
            if case.kind in self.kinds
        ]

    def signature(self) -> str:
        """Return the signature that identifies the texts."""
        texts = hash_json([case.document for case in self.cases()])
        version = f"stress|abrege-{abrege.__version__}|seed:{self.seed}|per-kind:{self.per_kind}"
        return f"{version}|langs:{','.join(self.langs)}|texts:{texts[:8]}"


def run(
    model: str,
    out: Path,
    selection: CaseSelection,
    *,
    meta: Mapping[str, str] | None = None,
    on_event: OnEvent = silent,
) -> dict[str, Any]:
    """Test a model, and also its base where it was tuned; write and return the scores.

    model  a run folder or its tune folder; or any folder, hub id, .gguf file or demo asset
    meta   values for {meta.KEY} in the prompt of a tuned model

    A run that was killed resumes where it stopped.
    """
    cases = selection.cases()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, out) from error
    verdicts, truncated, weights = {}, {}, ""
    for system, loaded in _load_systems(model, selection.langs, on_event):
        predictions = _generate(system, loaded, cases, meta or {}, out, on_event)
        verdicts[system] = [
            judge(case, prediction.prediction)
            for case, prediction in zip(cases, predictions, strict=True)
        ]
        rows = zip(cases, predictions, verdicts[system], strict=True)
        write_jsonl(out / f"{system}.jsonl", (result_row(*row) for row in rows))
        truncated[system] = sum(p.document_tokens_cut > 0 for p in predictions)
        weights = next(iter(loaded[0].values())).weights
    scores = {
        "model": model,
        "weights": weights,
        "signature": selection.signature(),
        "cut": truncated,
        **score(cases, verdicts),
    }
    write_json(out / "scores.json", scores)
    return scores


def score(
    cases: Sequence[StressCase], verdicts: Mapping[str, Sequence[CaseVerdict]]
) -> dict[str, Any]:
    """Return the share of cases that each system passes: of all, by kind and by language."""

    def score_of(rows: Sequence[int]) -> dict[str, Any]:
        return _score_rows({s: [of_system[n] for n in rows] for s, of_system in verdicts.items()})

    kinds = {}
    for kind, about in KINDS:
        if rows := [n for n, case in enumerate(cases) if case.kind == kind]:
            kinds[kind] = {"about": about, **score_of(rows)}
    langs = {
        lang: score_of([n for n, case in enumerate(cases) if case.lang == lang])
        for lang in dict.fromkeys(case.lang for case in cases)
    }
    return {"all": score_of(range(len(cases))), "kinds": kinds, "langs": langs}


def _score_rows(verdicts: Mapping[str, Sequence[CaseVerdict]]) -> dict[str, Any]:
    """Return each system's share that passes, and the p-value of tuned against base."""
    scores: dict[str, Any] = {"n": len(next(iter(verdicts.values()))), "systems": {}}
    for system, of_system in verdicts.items():
        outcomes = [verdict.outcome for verdict in of_system]
        share = preference_share(["win" if outcome == "passed" else "loss" for outcome in outcomes])
        scores["systems"][system] = {
            **{outcome: outcomes.count(outcome) for outcome in ("passed", "wrong", "omitted")},
            "share": share.share,
            "low": share.low,
            "high": share.high,
        }
    if {"base", "tuned"} <= {*verdicts}:
        # Cases that both pass, or neither, do not say which is better (exact McNemar test).
        pairs = zip(verdicts["base"], verdicts["tuned"], strict=True)
        scores["p"] = preference_share([_outcome_for_tuned(base, tuned) for base, tuned in pairs]).p
    return scores


def _outcome_for_tuned(base: CaseVerdict, tuned: CaseVerdict) -> Outcome:
    base_passed, tuned_passed = (verdict.outcome == "passed" for verdict in (base, tuned))
    if base_passed == tuned_passed:
        return "tie"
    return "win" if tuned_passed else "loss"


def result_row(case: StressCase, prediction: Prediction, verdict: CaseVerdict) -> dict[str, Any]:
    """Return the row of a case in SYSTEM.jsonl."""
    return {
        "id": case.id,
        "kind": case.kind,
        "lang": case.lang,
        "document": case.document,
        "prediction": prediction.prediction,
        "document_tokens_cut": prediction.document_tokens_cut,
        "outcome": verdict.outcome,
        "why": verdict.reason,
        "point": case.point,
    }


def _load_systems(
    model: str, langs: Sequence[str], on_event: OnEvent
) -> Iterator[tuple[str, LoadedSystem]]:
    from abrege.inference import summarizer

    folder = Path(model).expanduser()
    if find_tuned_folder(folder) is None:
        untuned = summarizer.load_untuned_summarizers(model, langs, on_event=on_event)
        yield "base", (untuned, nullcontext())
        return
    tuned = summarizer.load_summarizer(folder, on_event=on_event)
    by_lang = dict.fromkeys(langs, tuned)
    adapted_model: Any = tuned.decoder.model
    if hasattr(adapted_model, "disable_adapter"):  # a merged model has no base beside it
        yield "base", (by_lang, adapted_model.disable_adapter())
    yield "tuned", (by_lang, nullcontext())


def _check_meta(models: "Iterable[Summarizer]", meta: Mapping[str, str]) -> None:
    """Raise RecipeError if the prompt of a model needs a {meta.KEY} that has no value."""
    from abrege.prompts.template import meta_keys

    for model in models:
        for key in meta_keys(model.renderer.format.template):
            if key not in meta:
                raise RecipeError(
                    f"the prompt of this model needs {{meta.{key}}}: add --meta {key}=..."
                )


def _generate(
    system: str,
    loaded: LoadedSystem,
    cases: Sequence[StressCase],
    meta: Mapping[str, str],
    out: Path,
    on_event: OnEvent,
) -> list[Prediction]:
    """Let a model summarize the cases, language by language; each batch is saved at once."""
    from abrege.inference.resume import generate_with_resume
    from abrege.models import device

    models, context = loaded
    _check_meta(models.values(), meta)
    predictions: dict[str, Prediction] = {}
    with context, device.retained_heap():
        for lang, model in models.items():
            pairs = [
                Pair(id=case.id, document=case.document, references=[], lang=lang, meta=meta)
                for case in cases
                if case.lang == lang
            ]
            prompts = [model.renderer.tokenize_prompt(pair) for pair in pairs]
            # The key covers the prompts, the weights, the decoding settings and the code.
            key = hash_json(
                [
                    [prompt.prompt_ids for prompt in prompts],
                    [system, model.weights],
                    vars(model.decoder.profile),
                    code_fingerprint((__name__,)),
                ]
            )
            partial = out / f"{system}-{lang}.partial"
            batch = generate_with_resume(
                model.decoder,
                prompts,
                partial,
                task=f"stress {system} {lang}",
                key=key,
                on_event=on_event,
            )
            predictions |= {prediction.id: prediction for prediction in batch}
    return [predictions[case.id] for case in cases]
