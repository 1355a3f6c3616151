"""Tune: teach the student to summarise as the train split does.

reads   split/train.jsonl  split/valid.jsonl
writes  tune/  the adapter or the model, its tokenizer, abrege.json, steps.jsonl, samples.jsonl,
        checkpoint-N/
        tune-2/, …  the same of further seeds
"""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.core.errors import RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import read_jsonl
from abrege.core.types import Pair
from abrege.recipe import Recipe
from abrege.training.generation_eval import make_generation_eval

if TYPE_CHECKING:
    from abrege.prompts.prompt_format import PromptFormat
    from abrege.training.cost.estimate import Estimate
    from abrege.training.run import Preflight
    from abrege.training.training_args import TrainingPlan

CODE = (
    "stages/tune",
    "models",
    "compute",
    "training",
    "inference",
    "prompts",
    "export/merge",
    "export/parity",
    "core/demo_assets",
    "core/types",
    "text/sentences",
)
ROUGE = ("training/generation_eval", "metrics/rouge", "metrics/rouge_profiles", "text")


def name(nth: int) -> str:
    """Name the folder of the nth tuning: tune, then tune-2 and so on."""
    return "tune" if nth == 1 else f"tune-{nth}"


def seeded(recipe: Recipe, nth: int) -> Recipe:
    """Give the recipe of the nth tuning by itself: as it stands, but for the seed."""
    seed = recipe.tune.seed + nth - 1
    alone = recipe.tune.model_copy(update={"seed": seed, "seeds": 1})
    return recipe.model_copy(update={"tune": alone})


def code(recipe: Recipe) -> tuple[str, ...]:
    """Name the source that a tuned model depends on: that of ROUGE only where ROUGE is asked."""
    return (*CODE, *ROUGE) if recipe.tune.generated_rows else CODE


def writes(recipe: Recipe) -> tuple[str, ...]:
    """Name the files without which a tuned model is not whole, its weights first."""
    whole = recipe.tune.method == "full"
    weights = "model*.safetensors" if whole else "adapter_model.safetensors"
    return (weights, "abrege.json", "steps.jsonl")


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give what a tuned model depends on; of decoding only the room that prompts leave it."""
    return {
        "tune": recipe.tune.model_dump(mode="json", exclude={"seeds"}),
        "prompt": recipe.prompt.model_dump(mode="json"),
        "lang": recipe.data.lang,
        "max_new_tokens": recipe.generate.max_new_tokens,
    }


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Name the files whose content matters: the splits, and the model where it is a file."""
    found = {name: folder / f"split/{name}.jsonl" for name in ("train", "valid")}
    model = Path(recipe.tune.model).expanduser()
    return {**found, "model": model} if model.exists() else found


def run(
    recipe: Recipe, folder: Path, *, nth: int = 1, on_event: OnEvent = silent
) -> dict[str, Any]:
    """Tune on what was split in the run folder; return what goes into the manifest."""
    from abrege.models import device

    with device.retained_heap() as heap_kept:
        return _run(recipe, folder, folder / name(nth), heap_kept=heap_kept, on_event=on_event)


def estimate(
    recipe: Recipe, folder: Path, out: Path, *, on_event: OnEvent = silent
) -> "Estimate | None":
    """Measure what tuning would take, over the split in the run folder; train nothing.

    out  an empty folder for the trainer, which leaves nothing there
    """
    from abrege.models import device

    with device.retained_heap() as kept:
        found = _run(recipe, folder, out, heap_kept=kept, dry_run=True, on_event=on_event)
    estimated: Estimate | None = found["estimate"]
    return estimated


def _run(
    recipe: Recipe,
    folder: Path,
    out: Path,
    *,
    heap_kept: bool,
    dry_run: bool = False,
    on_event: OnEvent,
) -> dict[str, Any]:
    from abrege.models import device
    from abrege.models import load as loading
    from abrege.models import quantization as quantized
    from abrege.models.resolve import resolve_model
    from abrege.prompts.prompt_format import PromptRenderer
    from abrege.training import distributed, student
    from abrege.training import run as training_run

    machine = distributed.broadcast_from_main(lambda: device.choose_device(recipe.tune.dtype))
    plan, without = plan_of(recipe)
    notes = [machine.reason, *filter(None, [without])]
    for note in notes:
        on_event(Note(note))
    train = list(read_jsonl(folder / "split/train.jsonl", Pair))
    valid = list(read_jsonl(folder / "split/valid.jsonl", Pair))
    check_valid(recipe, len(valid))
    with distributed.local_main_process_first():
        located = resolve_model(recipe.tune.model, on_event=on_event)
    tokenizer = loading.load_tokenizer(located)
    config = loading.load_config(located)
    check_sequence(recipe, config)
    rendering = rendering_for(recipe, train, tokenizer, config)
    renderer = PromptRenderer(tokenizer, rendering)
    examples, counted = training_run.preflight(
        renderer, train, on_empty=recipe.tune.on_empty_target
    )
    validation = [renderer.tokenize_pair(pair) for pair in valid]
    on_event(Note(in_words(counted)))
    model = student.open_student(
        located,
        recipe.tune.method,
        machine,
        max_tokens=recipe.tune.max_length,
        lora=recipe.tune.lora.model_dump(),
        quantization=packed(recipe),
        seed=recipe.tune.seed,
        on_event=on_event,
    )
    learning, every = quantized.count_trainable(model)
    on_event(Note(f"{learning:,} of {every:,} parameters learn ({learning / every:.2%})"))
    tuned = training_run.tune(
        model,
        examples,
        validation,
        plan,
        out,
        dtype=machine.dtype,
        pad_id=tokenizer.pad_token_id or 0,
        dry_run=dry_run,
        summarise=make_generation_eval(
            renderer,
            valid,
            out / training_run.SAMPLES,
            rows=recipe.tune.generated_rows,
            lang=recipe.data.lang,
            on_event=on_event,
        ),
        on_event=on_event,
    )
    if dry_run:
        return {"estimate": tuned.estimate}
    if tuned.interrupted:
        raise KeyboardInterrupt(f"saved at step {tuned.steps}; the same command goes on from there")
    if distributed.is_main_process():
        tokenizer.save_pretrained(str(out))
        rendering.save(out)
    return {
        "counts": {"train": len(examples), "valid": len(valid)},
        "preflight": vars(counted),
        "model": recipe.tune.model,
        "method": recipe.tune.method,
        "trainable_parameters": learning,
        "all_parameters": every,
        "device": machine.device,
        "processes": distributed.world_size(),
        "dtype": machine.dtype,
        "optim": plan.optim,
        "notes": [*notes, f"heap kept between steps: {'yes' if heap_kept else 'no'}"],
        "seed": recipe.tune.seed,
        "steps": tuned.steps,
        "kept_step": tuned.kept_step,
        "train_loss": tuned.train_loss,
        "eval_loss": tuned.eval_loss,
        "estimate": tuned.estimate and asdict(tuned.estimate),
        "train_seconds": tuned.seconds,
    }


def packed(recipe: Recipe) -> dict[str, Any] | None:
    """Say how the base is packed; None where it is not."""
    return recipe.tune.quantization.model_dump() if recipe.tune.method == "qlora" else None


def check_sequence(recipe: Recipe, config: Any) -> None:
    """Refuse a loss over prompts that no decoder writes."""
    if not recipe.tune.completion_only_loss and config.is_encoder_decoder:
        raise RecipeError(
            "tune.completion_only_loss: false has no effect on an encoder-decoder, "
            "which only writes summaries"
        )


def check_valid(recipe: Recipe, rows: int) -> None:
    """Refuse to choose among models, or to stop early, with nothing to validate on."""
    from abrege.training import distributed

    tune = recipe.tune
    asked = [
        key
        for key in ("load_best_model_at_end", "early_stopping_patience", "eval_generate_rows")
        if getattr(tune, key)
    ]
    if asked and not rows:
        raise RecipeError(f"tune.{asked[0]} has no effect without valid rows; see split.valid")
    if tune.generated_rows and distributed.is_sharded():
        raise RecipeError(
            "tune.eval_generate_rows and ROUGE in validation need whole weights in one process, "
            "which FSDP and DeepSpeed have not.\n  Write metric_for_best_model: loss."
        )


def rendering_for(
    recipe: Recipe, train: Sequence[Pair], tokenizer: Any, config: Any
) -> "PromptFormat":
    """Fix what the model is asked and how it decodes, for this stage and every later one."""
    from abrege.inference.token_stats import suggest_max_new_tokens
    from abrege.prompts import seq2seq
    from abrege.prompts.prompt_format import DecodingProfile, PromptFormat
    from abrege.prompts.template import prompt_template
    from abrege.prompts.tokenizer import stop_token_ids, use_chat_template

    lang = recipe.data.lang or next((pair.lang for pair in train if pair.lang), None)
    chat = use_chat_template(tokenizer, recipe.prompt.chat)
    longest = recipe.generate.max_new_tokens or suggest_max_new_tokens(
        [len(tokenizer(p.references[0], add_special_tokens=False)["input_ids"]) for p in train]
    )
    return PromptFormat(
        base_model=recipe.tune.model,
        dtype=recipe.tune.dtype,
        template=prompt_template(recipe.prompt.template, lang, chat=chat),
        system=recipe.prompt.system,
        chat=chat,
        max_tokens=recipe.tune.max_length,
        stop_ids=stop_token_ids(tokenizer, chat=chat),
        profile=DecodingProfile(max_new_tokens=longest, **recipe.generate.decoding()),
        lang=lang,
        quantization=packed(recipe),
        **seq2seq.seq2seq_fields(config, tokenizer, lang),
    )


def plan_of(recipe: Recipe) -> tuple["TrainingPlan", str]:
    """Hand the recipe's numbers over in plain arguments; say what this machine has not got."""
    from abrege.training.training_args import TrainingPlan, check_plan, choose_optimizer

    optim, without = choose_optimizer(recipe.tune.optim)
    names = {field.name for field in fields(TrainingPlan)} - {"step_rows", "optim"}
    rows = recipe.tune.batch_size * recipe.tune.gradient_accumulation_steps
    plan = TrainingPlan(step_rows=rows, optim=optim, **recipe.tune.model_dump(include=names))
    check_plan(plan)
    return plan, without


def in_words(counted: "Preflight") -> str:
    """Say on one line what the rendering keeps and cuts."""
    kept = counted.summary_tokens_kept / max(counted.summary_tokens, 1)
    cut = counted.document_tokens_cut / max(counted.document_tokens, 1)
    return (
        f"{counted.rows} train rows of {counted.mean_tokens:.0f} tokens on average; "
        f"{kept:.1%} of summary tokens kept, {counted.rows_without_target} rows without any; "
        f"{counted.documents_cut} documents cut ({cut:.1%} of their tokens)"
    )
