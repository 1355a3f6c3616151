"""Load ACLSum, the demo data: abstracts of papers, with one summary for each of three aspects."""

import json
import re

from abrege.core import demo_assets
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Pair

ASPECTS = ("challenge", "approach", "outcome")
COLUMNS = (
    "document ← abstract, with the spaces before punctuation taken out, summary ← challenge, "
    "approach and outcome in turn, group ← id; kept in meta: aspect, title"
)
FILES = {"train": "train", "valid": "val", "test": "test"}


def load_aclsum(*, on_event: OnEvent = silent) -> dict[str, list[Pair]]:
    """Load the splits of ACLSum from its wheel, downloaded unless it is in the cache.

    Each paper gives one pair per aspect: the document is the abstract, the reference an expert's
    sentence on the aspect, which meta names. The three pairs of a paper are one group.
    """
    wheel = demo_assets.fetch(demo_assets.ACLSUM, on_event=on_event)
    on_event(Note(f"demo:aclsum: {COLUMNS}"))
    splits: dict[str, list[Pair]] = {}
    for split, file in FILES.items():
        text = demo_assets.member(wheel, f"aclsum/dataset/{file}.jsonl").decode("utf-8")
        papers = [json.loads(line) for line in text.split("\n") if line.strip()]
        splits[split] = [_pair(paper, aspect) for paper in papers for aspect in ASPECTS]
    return splits


def _pair(paper: dict[str, object], aspect: str) -> Pair:
    sentences, summary = paper["sentences"], paper["summary"]
    assert isinstance(sentences, dict)
    assert isinstance(summary, dict)
    return Pair(
        id=f"{paper['id']}/{aspect}",
        document=" ".join(detokenize(sentence) for sentence in sentences["abstract"]),
        references=[summary[aspect]],
        group=str(paper["id"]),
        lang="en",
        meta={"aspect": aspect, "title": paper["title"]},
    )


def detokenize(sentence: str) -> str:
    """Remove the spaces that a tokenizer put around punctuation in an English sentence.

    Only the certain cases: a separate `. , ; : ? ! % )` is joined to the word before it, `(` to
    the word after it, as are 's and n't, and double quotes that come in pairs. Hyphens, slashes
    and single quotes stay as they are. No character but a space is ever removed.
    """
    text = re.sub(r" ([.,;:?!%)]+)(?=\s|$)", r"\1", sentence)
    text = re.sub(r"(?:(?<=\s)|^)\( (?=\S)", "(", text)
    text = re.sub(r" ('s|n't)(?=[\s.,;:?!)]|$)", r"\1", text)
    if sentence.split().count('"') % 2:
        return text
    return re.sub(r'(?:(?<=[\s(])|^)" ([^"]+?) "(?=[\s.,;:?!)]|$)', r'"\1"', text)
