"""Private names of torch, transformers and peft: present today, and not missed when they go."""

import ast
import json
import re
from pathlib import Path

import pytest
import torch
from transformers.models.llama.modeling_llama import LlamaDecoderLayer as LlamaLayer

import abrege
from abrege.core.errors import SetupError
from abrege.core.events import Note
from abrege.models import private_api
from abrege.models.load import load_model
from abrege.models.private_api import FEATURES, FUSED_LAYERS, FUSED_LORA, SEQ2SEQ_PACKING
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training import run as training_run
from abrege.training.student import attach_lora
from builders.models import a_llama, a_t5
from builders.records import a_plan

pytestmark = pytest.mark.model

NAMES = [(feature, name) for feature in FEATURES for name in feature.names]
ATTRIBUTES = [
    (feature, path) for feature in (FUSED_LAYERS, FUSED_LORA) for path in feature.attributes
]
OTHER_NAMES = [
    value
    for constant, value in vars(private_api).items()
    if constant.isupper() and isinstance(value, str)
]


@pytest.fixture
def take_away(monkeypatch):
    """Return a function after which a dotted name cannot be found, or is something else."""
    resolve = private_api._resolve

    def replace(name, value=None):
        monkeypatch.setattr(
            private_api, "_resolve", lambda path: value if path == name else resolve(path)
        )
        private_api._lookup.cache_clear()

    yield replace
    private_api._lookup.cache_clear()


@pytest.fixture
def take_attribute_away(monkeypatch):
    has_attribute = private_api.has_attribute

    def replace(path):
        monkeypatch.setattr(
            private_api, "has_attribute", lambda module, p: p != path and has_attribute(module, p)
        )

    return replace


def tuned_losses(feature, folder):
    """Tune a tiny model by LoRA for two steps; return the losses and the notes of what is off."""
    events = []
    base = a_t5() if feature is SEQ2SEQ_PACKING else a_llama(vocab=100)
    modules = ["q", "v", "wo"] if feature is SEQ2SEQ_PACKING else "all-linear"
    model = attach_lora(
        base, r=4, alpha=8, dropout=0.0, modules=modules, seed=0, on_event=events.append
    )
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    rows = [
        TokenizedExample(f"r{n}", [5, 6, 50 + n, *range(10, 20 + n)], [30 + n, 31, 2], 4, 0)
        for n in range(8)
    ]
    folder.mkdir()
    plan = a_plan(max_steps=2)
    training_run.tune(
        model, rows, [], plan, folder, dtype="float32", pad_id=0, on_event=events.append
    )
    lines = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    notes = [e.text for e in events if isinstance(e, Note) and ": off, since " in e.text]
    return [line["loss"] for line in lines], notes


@pytest.fixture(scope="module")
def expected_losses(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    losses = {}
    for feature in FEATURES:
        losses[feature.name], notes = tuned_losses(feature, folder / feature.name)
        assert notes == []
        assert len(losses[feature.name]) == 2
    return losses


@pytest.mark.parametrize("name", sorted({*OTHER_NAMES, *private_api.TRAINER_METHODS}))
def test_every_private_name_exists_and_behaves_as_expected(name):
    assert private_api._lookup(name)[1] is None


@pytest.mark.parametrize(("feature", "name"), NAMES, ids=[f"{f.name}-{n}" for f, n in NAMES])
def test_without_a_private_name_tuning_takes_the_plain_path_with_one_note(
    feature, name, tmp_path, take_away, expected_losses
):
    take_away(name)
    losses, [note] = tuned_losses(feature, tmp_path / "run")
    assert losses == pytest.approx(expected_losses[feature.name], rel=1e-5)
    library, _, rest = name.partition(".")
    assert note.startswith(f"{feature.name}: off, since {library} ")
    assert note.endswith(f" lacks {rest}; {feature.plain_path}")


@pytest.mark.parametrize(
    ("feature", "path"), ATTRIBUTES, ids=[f"{f.name}-{p}" for f, p in ATTRIBUTES]
)
def test_without_an_attribute_of_a_layer_tuning_takes_the_plain_path_with_one_note(
    feature, path, tmp_path, take_attribute_away, expected_losses
):
    take_attribute_away(path)
    losses, [note] = tuned_losses(feature, tmp_path / "run")
    assert losses == pytest.approx(expected_losses[feature.name], rel=1e-5)
    layer = "LlamaDecoderLayer" if feature is FUSED_LAYERS else "Linear"
    assert note == f"{feature.name}: off, since {layer} has no {path}; {feature.plain_path}"


def test_a_layer_with_an_unknown_submodule_or_parameter_is_not_fused():
    class LlamaDecoderLayer(LlamaLayer):
        def forward(self, hidden_states, residual_scale=1.0, **kwargs):
            raise AssertionError

    layers = a_llama().model.layers
    assert private_api.incompatibility(FUSED_LAYERS, layers[0]) is None
    layers[0].self_attn.gate = torch.nn.Linear(2, 2)
    assert (
        private_api.incompatibility(FUSED_LAYERS, layers[0])
        == "LlamaDecoderLayer has an unknown self_attn.gate"
    )
    layers[1].__class__ = LlamaDecoderLayer
    assert (
        private_api.incompatibility(FUSED_LAYERS, layers[1])
        == "LlamaDecoderLayer.forward has an unknown parameter residual_scale"
    )


@pytest.mark.parametrize("name", private_api.EXAMPLES)
def test_a_private_function_that_gives_another_result_counts_as_changed(name, take_away):
    take_away(name, value=lambda *_, **__: torch.zeros(2))
    value, reason = private_api._lookup(name)
    assert value is None
    assert "has changed" in reason


@pytest.mark.parametrize("name", private_api.PARAMETERS)
def test_a_private_function_with_other_parameters_counts_as_changed(name, take_away):
    take_away(name, value=lambda another: None)
    value, reason = private_api._lookup(name)
    assert value is None
    assert "has changed" in reason


@pytest.mark.parametrize("name", private_api.TRAINER_METHODS)
def test_a_trainer_without_a_method_that_is_overridden_is_an_error(name, tmp_path, take_away):
    take_away(name)
    with pytest.raises(SetupError, match=rf"lacks {name.partition('.')[2]}") as caught:
        tuned_losses(FUSED_LORA, tmp_path / "run")
    assert "pip install 'transformers" in str(caught.value)


def test_without_the_lists_of_model_types_a_model_still_loads(student_folder, take_away):
    take_away(private_api.CAUSAL_MODELS)
    assert load_model(str(student_folder), torch.float32, "cpu").config.model_type == "llama"


def test_private_names_are_used_in_no_other_module():
    roots = {"torch", "transformers", "peft", "accelerate", "bitsandbytes"}
    package = Path(abrege.__file__).parent
    for path in package.rglob("*.py"):
        if path.name == "private_api.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                dotted = ast.unparse(node)
                private = re.match(r"torch\.(_[a-z]|ops\b)", dotted) or node.attr in (
                    "_attn_implementation",
                    "_get_default_store",
                )
                assert not private, f"{path.name}: {dotted}"
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in roots:
                assert ".modeling_" not in node.module, f"{path.name}: {node.module}"
                assert not any(a.name.startswith("_") for a in node.names), f"{path.name}"
                private_modules = ("transformers.integrations", "transformers.masking_utils",
                                   "transformers.activations", "transformers.cache_utils",
                                   "peft.tuners.lora", "peft.utils")  # fmt: skip
                assert not node.module.startswith(private_modules), f"{path.name}: {node.module}"
