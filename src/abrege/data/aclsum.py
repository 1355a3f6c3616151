"""ACLSum, the demo data: abstracts of papers, with a sentence on each of three aspects."""

import json
import re

from abrege.core import demo_assets as assets
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Pair

ASPECTS = ("challenge", "approach", "outcome")
COLUMNS = (
    "document ← abstract, with the spaces before punctuation taken out, summary ← challenge, "
    "approach and outcome in turn, group ← id; kept in meta: aspect, title"
)
FILES = {"train": "train", "valid": "val", "test": "test"}


def load(*, on_event: OnEvent = silent) -> dict[str, list[Pair]]:
    """Read the splits of ACLSum from its wheel, fetched where it is not in the cache.

    One pair an aspect: the document is the abstract, the reference an expert's sentence on that
    aspect, which meta names; the three pairs of a paper are one group.
    """
    wheel = assets.fetch(assets.ACLSUM, on_event=on_event)
    on_event(Note(f"demo:aclsum: {COLUMNS}"))
    splits: dict[str, list[Pair]] = {}
    for split, file in FILES.items():
        text = assets.member(wheel, f"aclsum/dataset/{file}.jsonl").decode("utf-8")
        papers = [json.loads(line) for line in text.split("\n") if line.strip()]
        splits[split] = [_pair(paper, aspect) for paper in papers for aspect in ASPECTS]
    return splits


def _pair(paper: dict[str, object], aspect: str) -> Pair:
    sentences, summary = paper["sentences"], paper["summary"]
    assert isinstance(sentences, dict)
    assert isinstance(summary, dict)
    return Pair(
        id=f"{paper['id']}/{aspect}",
        document=" ".join(natural_spacing(sentence) for sentence in sentences["abstract"]),
        references=[summary[aspect]],
        group=str(paper["id"]),
        lang="en",
        meta={"aspect": aspect, "title": paper["title"]},
    )


def natural_spacing(sentence: str) -> str:
    """Take out the spaces that a tokeniser put round punctuation in an English sentence.

    Only where there is no doubt: `. , ; : ? ! % )` standing alone go to the word before, `(` to the
    word after, as do 's and n't, and double quotes that come in pairs. Hyphens, slashes and single
    quotes stay as they are. No sign but spaces is ever taken out.
    """
    text = re.sub(r" ([.,;:?!%)]+)(?=\s|$)", r"\1", sentence)
    text = re.sub(r"(?:(?<=\s)|^)\( (?=\S)", "(", text)
    text = re.sub(r" ('s|n't)(?=[\s.,;:?!)]|$)", r"\1", text)
    if sentence.split().count('"') % 2:
        return text
    return re.sub(r'(?:(?<=[\s(])|^)" ([^"]+?) "(?=[\s.,;:?!)]|$)', r'"\1"', text)
