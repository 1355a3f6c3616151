"""Rows, pairs, documents, renderings and plans for tests."""

from typing import Any


def some_rows(count: int = 24) -> list[dict[str, Any]]:
    """Write rows whose summaries follow from their documents, of differing lengths."""
    animals, deeds, places = (
        ("cat", "dog", "bird"),
        ("sat", "ran", "flew"),
        ("mat", "tree", "house"),
    )
    rows = []
    for n in range(count):
        animal, deed, place = animals[n % 3], deeds[n // 3 % 3], places[n // 9 % 3]
        text = f"The {animal} {deed} on the {place}. " + "It was very quick. " * (n % 4)
        rows.append(
            {
                "id": f"row-{n}",
                "document": f"{text}Then it was red {n}.",
                "summary": f"the {animal} {deed}",
                "group": f"group-{n // 2}",
            }
        )
    return rows


def some_pairs(count: int = 24) -> list[Any]:
    """Give `some_rows` as records."""
    from abrege.core.types import Pair

    return [
        Pair(id=r["id"], document=r["document"], references=[r["summary"]])
        for r in some_rows(count)
    ]


def a_pair_named(
    id: str,  # noqa: A002
    document: str | None = None,
    summary: str | None = None,
    **changes: Any,
) -> Any:
    """Return a pair whose document and summary are named after its id, but for what is changed."""
    from abrege.core.types import Pair

    return Pair(
        id=id,
        document=document or f"document {id}",
        references=[summary or f"summary {id}"],
        **changes,
    )


def a_rendering(**changes: Any) -> Any:
    """Ask a_tokenizer's tiny model plainly, in its chat template, but for what is changed."""
    from abrege.prompts.prompt_format import DecodingProfile, PromptFormat

    values = {
        "base_model": "tiny",
        "dtype": "auto",
        "template": "{document}",
        "system": None,
        "chat": True,
        "max_tokens": 200,
        "stop_ids": [2, 1],
        "profile": DecodingProfile(max_new_tokens=10),
    }
    return PromptFormat(**{**values, **changes})


def a_plan(**changes: Any) -> Any:
    """TrainingPlan steps of four rows, validated and kept every second, but for what is changed."""
    from abrege.training.training_args import TrainingPlan

    values = {
        "effective_batch_size": 4,
        "num_train_epochs": 1.0,
        "max_steps": None,
        "micro_batch_tokens": 150,
        "learning_rate": 1e-2,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 1,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "eval_steps": 2,
        "save_steps": 2,
        "save_total_limit": 2,
        "seed": 0,
        "arguments": {},
    }
    return TrainingPlan(**{**values, **changes})


def a_document(**changes: Any) -> Any:
    """Write a document of forty words in English, with a name, a year and a number."""
    from abrege.core.types import Document

    text = (
        "The town of Springfield closes its old bridge for two years. Engineers had warned that "
        "the steel was rusted. Mayor Jane Porter said in 1994 that the repair costs 12 million "
        "dollars. A ferry will carry people across the river until then."
    )
    return Document(**{"id": "d1", "text": text, "lang": "en", **changes})


def a_pair(**changes: Any) -> Any:
    """Return a pair in English with one reference."""
    from abrege.core.types import Pair

    values = {"id": "r0", "document": "The document.", "references": ["The summary."], "lang": "en"}
    return Pair(**{**values, **changes})


def a_prediction(**changes: Any) -> Any:
    """Return a prediction that ended by itself and read its document untruncated."""
    from abrege.core.types import Prediction

    values = {
        "id": "r0",
        "prediction": "A summary.",
        "finish_reason": "stop",
        "prompt_tokens": 9,
        "new_tokens": 3,
        "document_tokens_cut": 0,
    }
    return Prediction(**{**values, **changes})


def write_test_split(folder: Any, pairs: Any, **summaries: Any) -> Any:
    """Write a run folder with its test split and the summaries of each system; return it."""
    from abrege.core.io import write_jsonl
    from abrege.core.run_folder import RunFolder

    run = RunFolder(folder)
    write_jsonl(run.split("test"), pairs)
    for system, texts in summaries.items():
        rows = zip(pairs, texts, strict=True)
        write_jsonl(
            run.predictions(system), [a_prediction(id=p.id, prediction=text) for p, text in rows]
        )
    return folder


def some_tokenized_examples() -> list[Any]:
    """Build four examples whose prompts share six tokens and grow in length."""
    from abrege.prompts.prompt_format import TokenizedExample

    return [
        TokenizedExample(f"r{n}", [5, 6, 7, *range(10, 14 + n)], [30 + n, 31, 2], 4 + n, 0)
        for n in range(4)
    ]


def a_store(folder: Any, splits: Any, *, seed: int = 0, threshold: float | None = 0.8) -> Any:
    """Return an open PairStore of the pairs of each split; close it, or let it be collected."""
    from abrege.data.pair_store import PairStore

    store = PairStore(folder, [*splits], seed=seed, threshold=threshold)
    for split, pairs in splits.items():
        store.add_split(split, iter(pairs))
    return store
