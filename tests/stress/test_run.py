import shutil

import pytest

from abrege.core.errors import RecipeError
from abrege.core.hashing import hash_path
from abrege.core.io import read_json, read_jsonl
from abrege.prompts.prompt_format import DecodingProfile
from abrege.stress import run as stress
from abrege.stress.cases import KINDS, make_cases
from abrege.stress.run import CaseSelection
from abrege.stress.verdict import CaseVerdict
from builders.models import a_llama, a_tokenizer
from builders.records import a_rendering

pytestmark = pytest.mark.model

SMALL = CaseSelection(langs=("en",), per_kind=1, kinds=("aside", "injection"))


@pytest.fixture(scope="module")
def tuned_folder(tmp_path_factory, student_folder):
    """Write a run folder with an adapter of random weights that change what the model says."""
    import torch
    from peft import LoraConfig, get_peft_model

    folder = tmp_path_factory.mktemp("run") / "tune"
    tokenizer = a_tokenizer()
    model = get_peft_model(a_llama(vocab=len(tokenizer)), LoraConfig(target_modules="all-linear"))
    torch.manual_seed(0)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=1.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    a_rendering(
        base_model=str(student_folder),
        dtype="float32",
        template="About {meta.aspect}: {document}",
        max_tokens=300,
        profile=DecodingProfile(max_new_tokens=6),
        lang="en",
    ).save(folder)
    return folder.parent


def verdicts(*outcomes):
    return [CaseVerdict(outcome) for outcome in outcomes]


def test_the_share_that_passes_is_computed_by_kind_by_language_and_of_all():
    cases = [case for case in make_cases("en", per_kind=4) if case.kind in ("aside", "negation")]
    base = ["wrong"] * 4 + ["omitted"] * 3 + ["passed"]
    tuned = ["passed"] * 4 + ["passed"] * 3 + ["wrong"]
    scores = stress.score(cases, {"base": verdicts(*base), "tuned": verdicts(*tuned)})
    assert list(scores["kinds"]) == ["negation", "aside"]
    first = scores["kinds"]["negation"]["systems"]
    assert (first["base"]["wrong"], first["base"]["share"], first["tuned"]["share"]) == (4, 0, 1)
    # Clopper-Pearson of 4 of 4: (0.05 / 2) ** (1 / 4)
    assert first["tuned"]["low"] == pytest.approx(0.025**0.25)
    assert scores["langs"]["en"]["n"] == scores["all"]["n"] == 8
    # Seven cases are won and one is lost: 2 (C(8, 0) + C(8, 1)) / 2**8
    assert scores["all"]["p"] == pytest.approx(2 * 9 / 256)


def test_a_tuned_model_is_tested_beside_its_base(tmp_path, tuned_folder):
    scores = stress.run(str(tuned_folder), tmp_path, SMALL, meta={"aspect": "all"})
    assert list(scores["all"]["systems"]) == ["base", "tuned"]
    rows = {s: list(read_jsonl(tmp_path / f"{s}.jsonl", dict)) for s in ("base", "tuned")}
    assert [r["id"] for r in rows["base"]] == ["en/aside/00", "en/injection/00"]
    assert [r["prediction"] for r in rows["base"]] != [r["prediction"] for r in rows["tuned"]]
    assert read_json(tmp_path / "scores.json") == scores
    adapter = tuned_folder / "tune/adapter_model.safetensors"
    assert scores["weights"] == hash_path(adapter)
    assert scores["cut"] == {"base": 2, "tuned": 2}  # a byte is a token there, and there are 300


def test_a_run_resumes_where_it_stopped_and_generates_nothing_twice(
    tmp_path, tuned_folder, monkeypatch
):
    from abrege.inference import resume

    first = stress.run(str(tuned_folder), tmp_path, SMALL, meta={"aspect": "all"})

    def nothing(self, prompts, *, skip=(), **_):
        assert skip == {*range(len(prompts))}
        return iter(())

    monkeypatch.setattr(resume.Decoder, "generate_batches", nothing)
    assert stress.run(str(tuned_folder), tmp_path, SMALL, meta={"aspect": "all"}) == first
    with pytest.raises(AssertionError):  # with another prompt everything is generated again
        stress.run(str(tuned_folder), tmp_path, SMALL, meta={"aspect": "other"})


def test_a_model_that_was_tuned_again_is_tested_again(tmp_path, tuned_folder):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "run"
    shutil.copytree(tuned_folder, folder)
    out = tmp_path / "out"
    stress.run(str(folder), out, SMALL, meta={"aspect": "all"})
    before = (out / "tuned.jsonl").read_bytes()
    adapter = folder / "tune/adapter_model.safetensors"
    weights = load_file(adapter)
    save_file(
        {k: -v if "lora_A" in k else v.clone() for k, v in weights.items()},
        adapter,
        {"format": "pt"},
    )
    stress.run(str(folder), out, SMALL, meta={"aspect": "all"})
    assert (out / "tuned.jsonl").read_bytes() != before


def test_a_value_that_the_prompt_needs_must_be_given(tmp_path, tuned_folder):
    with pytest.raises(RecipeError, match=r"needs \{meta.aspect\}: add --meta aspect"):
        stress.run(str(tuned_folder), tmp_path, SMALL)


def test_any_model_is_tested_with_the_default_prompt_of_each_language(tmp_path, student_folder):
    both = CaseSelection(per_kind=1, kinds=("empty",))
    scores = stress.run(str(student_folder), tmp_path, both)
    assert list(scores["all"]["systems"]) == ["base"]
    assert {lang: of["n"] for lang, of in scores["langs"].items()} == {"en": 1, "fr": 1}
    assert "p" not in scores["all"]


def test_a_model_that_is_not_causal_is_an_error(tmp_path):
    from transformers import BertConfig, BertForMaskedLM

    tokenizer = a_tokenizer()
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), intermediate_size=16, **size))
    model.save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    with pytest.raises(RecipeError, match="attends in both directions"):
        stress.run(str(tmp_path / "bert"), tmp_path, SMALL)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (CaseSelection(langs=("de",)), "no language 'de'; there are en and fr"),
        (CaseSelection(kinds=("asides",)), "there is no kind 'asides'; did you mean aside"),
    ],
)
def test_an_unknown_language_or_kind_is_an_error(selection, message):
    with pytest.raises(RecipeError, match=message):
        selection.cases()


def test_the_signature_identifies_the_texts():
    assert SMALL.signature().startswith("stress|abrege-0.1.0|seed:0|per-kind:1|langs:en|texts:")
    assert CaseSelection(("en",), 1, 1).signature() != CaseSelection(("en",), 1, 0).signature()
    assert len(KINDS) >= 12
