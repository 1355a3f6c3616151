import yaml
from huggingface_hub import ModelCard

from abrege.export import model_card
from abrege.export.card_text import CardFacts, CardScores, render_card, usage_snippet
from abrege.report.evaluation_model import (
    ScoreEstimate,
)


def a_card(**changes):
    facts = {
        "name": "titles",
        "base_model": "org/student",
        "method": "lora",
        "dtype": "float32",
        "parity": "the same summary on 9 of 9 rows",
        "data": "org/news",
        "template": "Titre ?\n\n{document}",
        "chat": True,
        "max_tokens": 1024,
        "max_new_tokens": 48,
        "training": {"seed": 3},
    }
    return CardFacts(**{**facts, **changes})


def scores_by_system(**systems):
    value = {"tuned": 0.4, "base": 0.3, "lead": 0.2, **systems}
    return {
        system: {
            "rougeL": ScoreEstimate(value=v, low=v - 0.01, high=v + 0.01, signature="rougeL|n:9"),
            "unsupported": ScoreEstimate(value=v / 2),
        }
        for system, v in value.items()
    }


def card_scores(system="merged", **systems):
    return CardScores(system=system, n=9, groups=3, confidence=0.95, verdict="Tuned is better.",
                     systems=scores_by_system(**systems))  # fmt: skip


def metadata(card):
    return yaml.safe_load(render_card(card).split("---\n")[1])


def test_the_metadata_hold_what_is_known_and_leave_out_what_is_not():
    known = metadata(a_card(lang="no", base_license="mit", dataset="org/news"))
    assert (known["language"], known["license"]) == ("no", "mit")  # "no" is a word, not false
    assert (known["base_model"], known["datasets"]) == ("org/student", ["org/news"])
    unknown = a_card(base_model="my student")
    assert {"language", "license", "datasets", "base_model", "model-index"}.isdisjoint(
        metadata(unknown)
    )
    assert "The license of the base model was not available" in render_card(unknown)


def test_scores_are_in_the_model_index_and_in_the_table():
    card = a_card(scores=card_scores(merged=0.41))
    [result] = ModelCard(render_card(card)).data.eval_results
    assert (result.metric_type, result.metric_name, result.metric_value) == (
        "rouge",
        "ROUGE-L",
        0.41,
    )
    assert result.metric_args == {"n": 9, "low": 0.4, "high": 0.42, "signature": "rougeL|n:9"}
    assert (result.dataset_name, result.dataset_split) == ("org/news", "test")
    text = render_card(card)
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.endswith("\\] |")]
    assert rows == ["| Tuned", "| Merged", "| Base", "| Lead"]
    assert "| Base | 30.0 \\[29.0, 31.0\\] |" in text
    assert "On 9 test rows in 3 groups" in text
    assert "20.5 % of its summaries (base: 15.0 %) hold a number" in text


def test_scores_of_the_model_before_merging_are_labeled_so():
    assert "scores are of tuned, the same model before merging" in render_card(
        a_card(scores=card_scores("tuned"))
    )


def test_without_scores_the_card_says_so():
    text = render_card(a_card())
    assert "This model was not evaluated" in text
    assert "Whether its summaries are faithful to the documents was not checked." in text


def test_the_snippet_prompts_as_in_training():
    meta = usage_snippet(a_card(template="{meta.kind} of\n{document}", system_message="Be brief."))
    assert '.replace("{meta.kind}", "...").replace("{document}", document)' in meta
    assert "[{'role': 'system', 'content': 'Be brief.'}] + [" in meta
    plain = usage_snippet(a_card(chat=False, is_encoder_decoder=True))
    assert "AutoModelForSeq2SeqLM" in plain
    assert "new = output[0]\n" in plain
    assert 'tokenizer(request, return_tensors="pt")' in plain
    for code in (meta, plain):
        compile(code, "snippet", "exec")


def test_text_of_the_user_cannot_break_out_of_its_code_block_or_cell():
    text = render_card(a_card(template="```\n# Not a title\n```\n{document}", data="a|b"))
    assert "````text\n```\n# Not a title\n```\n{document}\n````" in text
    assert "Data: a\\|b." in text


def test_a_card_that_says_the_same_is_not_written_again(tmp_path, monkeypatch):
    facts = [a_card(), a_card(), a_card(name="other")]
    monkeypatch.setattr(model_card, "gather_facts", lambda *_: facts.pop(0))
    files = []
    for _ in range(3):
        model_card.write_model_card(None, tmp_path, tmp_path, {})
        files.append((tmp_path / "README.md").stat().st_ino)
    assert files[0] == files[1] != files[2]
