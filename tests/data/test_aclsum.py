import dataclasses
import json
import zipfile

import pytest

from abrege.core import demo_assets
from abrege.core.types import Pair
from abrege.data import aclsum
from abrege.data.aclsum import detokenize


def a_paper(name: str) -> dict:
    return {
        "id": name,
        "title": f"On {name}",
        "sentences": {"abstract": ["One , two .", "Three ( 3 ) ."], "introduction": ["No ."]},
        "summary": {"challenge": "Hard.", "approach": "Try.", "outcome": "Done."},
    }


def test_each_aspect_of_a_paper_is_a_pair_of_its_group(tmp_path, monkeypatch):
    path = tmp_path / demo_assets.ACLSUM.name
    with zipfile.ZipFile(path, "w") as archive:
        for file, names in {"train": "abc", "val": "d", "test": "ef"}.items():
            lines = "".join(json.dumps(a_paper(name)) + "\n" for name in names)
            archive.writestr(f"aclsum/dataset/{file}.jsonl", lines)
    pinned = dataclasses.replace(demo_assets.ACLSUM, sha256=demo_assets.sha256(path))
    monkeypatch.setattr(demo_assets, "ACLSUM", pinned)
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path))

    splits = aclsum.load_aclsum()

    assert {split: len(pairs) for split, pairs in splits.items()} == {
        "train": 9,
        "valid": 3,
        "test": 6,
    }
    assert splits["valid"] == [
        Pair(
            id=f"d/{aspect}",
            document="One, two. Three (3).",
            references=[summary],
            group="d",
            lang="en",
            meta={"aspect": aspect, "title": "On d"},
        )
        for aspect, summary in [("challenge", "Hard."), ("approach", "Try."), ("outcome", "Done.")]
    ]


# Sentences and parts of sentences of ACLSum's abstracts, spaced by hand.
@pytest.mark.parametrize(
    ("tokens", "natural"),
    [
        (
            "However , where does this prompt come from ?",
            "However, where does this prompt come from?",
        ),
        (
            "existing inference models ( e.g. BiDAF for QA , ESIM for NLI ) , instead of",
            "existing inference models (e.g. BiDAF for QA, ESIM for NLI), instead of",
        ),
        (
            "tasks : a ) caption classification ( correct vs. foil ) ; b ) foil word detection ;",
            "tasks: a) caption classification (correct vs. foil); b) foil word detection;",
        ),
        (
            "assigns them to text with state-of-the-art accuracy(96.6 % ) .",
            "assigns them to text with state-of-the-art accuracy(96.6%).",
        ),
        (
            'to militate the " exposure bias " problem and',
            'to militate the "exposure bias" problem and',
        ),
        (
            "stateof-the-art NER methods ( with .25 absolute F1 score improvement ) .",
            "stateof-the-art NER methods (with .25 absolute F1 score improvement).",
        ),
        (
            "Spearman 's correlation : ' No Subject ' e-mails , speech / text , 57 - 87 % accuracy",
            "Spearman's correlation: ' No Subject ' e-mails, speech / text, 57 - 87% accuracy",
        ),
        (
            "reach performance within 1 - 5 F 1 points of systems that are n't",
            "reach performance within 1 - 5 F 1 points of systems that aren't",
        ),
        ('a " b " c , " d', 'a " b " c, " d'),
    ],
)
def test_punctuation_gets_its_natural_spacing(tokens, natural):
    assert detokenize(tokens) == natural
    assert detokenize(natural) == natural
    assert natural.replace(" ", "") == tokens.replace(" ", "")
