"""Tune: teach the student to summarize as the train split does.

reads   split/train.jsonl  split/valid.jsonl
writes  tune/  the adapter or the model, its tokenizer, abrege.json, steps.jsonl, samples.jsonl,
        checkpoint-N/
        tune-2/, …  the same of further seeds
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.core.events import Note, OnEvent
from abrege.core.io import read_jsonl
from abrege.core.run_folder import RunFolder, hash_model_file, hash_weights
from abrege.core.types import Pair
from abrege.pipeline.task import Task
from abrege.recipe import Recipe

if TYPE_CHECKING:
    from abrege.models.device import DeviceChoice
    from abrege.training.cost.estimate import Estimate
    from abrege.training.run import TuningResult
    from abrege.training.trainer import GenerationEval

GENERATION_EVAL = "abrege.training.generation_eval"


def tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return a task for each seed."""
    return [
        _task(recipe_for_seed(recipe, nth), run_folder, nth)
        for nth in range(1, recipe.tune.seeds + 1)
    ]


def _task(recipe: Recipe, run_folder: RunFolder, nth: int) -> Task:
    folder = run_folder.tune(nth)
    return Task(
        name=folder.name,
        manifest=run_folder.tune_manifest(nth),
        settings=lambda: settings(recipe),
        inputs=lambda: inputs(recipe, run_folder),
        code=(__name__,),
        unused=() if recipe.tune.generated_rows else (GENERATION_EVAL,),
        outputs=outputs(recipe),
        hash_output=hash_model_file,
        run=lambda _key, on_event: run(recipe, run_folder, folder, on_event=on_event),
        resumable=True,
        keeps_previous=True,
        checkpoints="checkpoint-*/whole",
    )


def recipe_for_seed(recipe: Recipe, nth: int) -> Recipe:
    """Return the recipe of the nth tuning: the same but for the seed."""
    update = {"seed": recipe.tune.seed + nth - 1, "seeds": 1}
    return recipe.model_copy(update={"tune": recipe.tune.model_copy(update=update)})


def outputs(recipe: Recipe) -> tuple[str, ...]:
    """Return the files without which a tuned model is not complete, its weights first."""
    full = recipe.tune.method == "full"
    model = (
        ("model*.safetensors", "config.json")
        if full
        else ("adapter_model.safetensors", "adapter_config.json")
    )
    return (*model, "tokenizer*", "abrege.json", "steps.jsonl")


def settings(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that a tuned model depends on.

    Of decoding that is only max_new_tokens, which bounds the tokens left for the prompt.
    """
    return {
        "tune": recipe.tune.model_dump(mode="json", exclude={"seeds"}),
        "prompt": recipe.prompt.model_dump(mode="json"),
        "lang": recipe.data.lang,
        "max_new_tokens": recipe.generate.max_new_tokens,
    }


def inputs(recipe: Recipe, run_folder: RunFolder) -> dict[str, Path]:
    """Return the train and valid splits, and the base model where it is a file or folder."""
    paths = {split: run_folder.split(split) for split in ("train", "valid")}
    model = Path(recipe.tune.model).expanduser()
    return {**paths, "model": model} if model.exists() else paths


def run(
    recipe: Recipe, run_folder: RunFolder, folder: Path, *, on_event: OnEvent
) -> dict[str, Any]:
    """Tune on the split of the run folder, into `folder`; return the fields of the manifest."""
    from abrege.models import device

    with device.retained_heap() as heap_kept:
        tuning = _Tuning(recipe, run_folder, on_event)
        tuned = tuning.train(folder)
        if tuned.interrupted:
            raise KeyboardInterrupt(
                f"saved at step {tuned.steps}; the same command goes on from there"
            )
        tuning.save(folder)
        return tuning.manifest_fields(tuned, heap_kept=heap_kept)


def estimate(
    recipe: Recipe, run_folder: RunFolder, folder: Path, *, on_event: OnEvent
) -> "Estimate | None":
    """Measure what tuning on the split of the run folder would take; train nothing.

    folder  an empty folder for the trainer, which leaves nothing in it
    """
    from abrege.models import device

    with device.retained_heap():
        return _Tuning(recipe, run_folder, on_event).train(folder, dry_run=True).estimate


class _Tuning:
    """The model, the rows and the plan of one tuning, opened and checked in order."""

    def __init__(self, recipe: Recipe, run_folder: RunFolder, on_event: OnEvent) -> None:
        from abrege.models import device
        from abrege.models import load as model_load
        from abrege.models.quantization import count_trainable
        from abrege.models.resolve import resolve_model
        from abrege.prompts.prompt_format import PromptRenderer
        from abrege.training import distributed, from_recipe, preflight

        self.recipe, self.on_event = recipe, on_event
        train = list(read_jsonl(run_folder.split("train"), Pair))
        self.valid = list(read_jsonl(run_folder.split("valid"), Pair))
        from_recipe.check_valid(recipe, len(self.valid))
        with distributed.local_main_process_first():
            located = resolve_model(recipe.tune.model, on_event=on_event)
        config = model_load.load_config(located)
        self.machine: DeviceChoice = distributed.broadcast_from_main(
            lambda: device.choose_device(recipe.tune.dtype, config.model_type)
        )
        self.plan, plan_notes = from_recipe.training_plan(recipe)
        self.notes = [self.machine.reason, *plan_notes]
        for note in self.notes:
            on_event(Note(note))
        self.tokenizer = model_load.load_tokenizer(located)
        from_recipe.check_completion_only(recipe, config)
        self.rendering = from_recipe.make_prompt_format(
            recipe, train, self.tokenizer, config, on_event=on_event
        )
        self.renderer: PromptRenderer = PromptRenderer(self.tokenizer, self.rendering)
        self.train_examples, self.preflight = preflight.tokenize_pairs(
            self.renderer,
            train,
            on_empty=recipe.tune.on_empty_target,
            vocab_size=getattr(config.get_text_config(), "vocab_size", None),
            max_unknown=recipe.tune.max_unknown_tokens,
        )
        self.valid_examples = [self.renderer.tokenize_pair(pair) for pair in self.valid]
        on_event(Note(from_recipe.preflight_sentence(self.preflight)))
        self.model = _load_student(recipe, located, self.machine, on_event)
        self.trainable, self.parameters = count_trainable(self.model)
        share = self.trainable / self.parameters
        counts = f"{self.trainable:,} of {self.parameters:,}"
        on_event(Note(f"trainable parameters: {counts} ({share:.2%})"))

    def train(self, folder: Path, *, dry_run: bool = False) -> "TuningResult":
        """Train the model, or only estimate the cost."""
        from abrege.training import run as training

        return training.tune(
            self.model,
            self.train_examples,
            self.valid_examples,
            self.plan,
            folder,
            dtype=self.machine.dtype,
            pad_id=self.tokenizer.pad_token_id or 0,
            dry_run=dry_run,
            generation_eval=self._validation_summarizer(folder / training.SAMPLES),
            on_event=self.on_event,
        )

    def _validation_summarizer(self, path: Path) -> "GenerationEval | None":
        if not self.recipe.tune.generated_rows:
            return None
        from abrege.training.generation_eval import make_generation_eval

        return make_generation_eval(
            self.renderer,
            self.valid,
            path,
            rows=self.recipe.tune.generated_rows,
            lang=self.recipe.data.lang,
            on_event=self.on_event,
        )

    def save(self, folder: Path) -> None:
        """Write the tokenizer and abrege.json, with the hash of the weights, beside the model."""
        from abrege.models.adapter import sort_adapter_config
        from abrege.models.resolve import ADAPTER_CONFIG
        from abrege.models.saved_config import write_earlier_settings
        from abrege.training import distributed

        if distributed.is_main_process():
            if (folder / ADAPTER_CONFIG).is_file():
                sort_adapter_config(folder)
            self.tokenizer.save_pretrained(str(folder))
            if (folder / "config.json").is_file():
                write_earlier_settings(folder)
            replace(self.rendering, weights=hash_weights(folder)).save(folder)

    def manifest_fields(self, tuned: "TuningResult", *, heap_kept: bool) -> dict[str, Any]:
        """Return what the manifest tells of the tuning."""
        from abrege.training import distributed

        return {
            "counts": {"train": len(self.train_examples), "valid": len(self.valid)},
            "preflight": vars(self.preflight),
            "model": self.recipe.tune.model,
            "method": self.recipe.tune.method,
            "trainable_parameters": self.trainable,
            "all_parameters": self.parameters,
            "device": self.machine.device,
            "processes": distributed.world_size(),
            "dtype": self.machine.dtype,
            "optim": self.plan.optim,
            "notes": [*self.notes, f"heap kept between steps: {'yes' if heap_kept else 'no'}"],
            "seed": self.recipe.tune.seed,
            "steps": tuned.steps,
            "skipped_steps": tuned.skipped,
            "kept_step": tuned.saved_step,
            "train_loss": tuned.train_loss,
            "eval_loss": tuned.eval_loss,
            "estimate": tuned.estimate and asdict(tuned.estimate),
            "train_seconds": tuned.seconds,
        }


def _load_student(recipe: Recipe, located: str, machine: "DeviceChoice", on_event: OnEvent) -> Any:
    from abrege.training import from_recipe
    from abrege.training.student import load_student

    return load_student(
        located,
        recipe.tune.method,
        machine,
        max_length=recipe.tune.max_length,
        lora=recipe.tune.lora.model_dump(),
        quantization=from_recipe.quantization_of(recipe),
        seed=recipe.tune.seed,
        on_event=on_event,
    )
