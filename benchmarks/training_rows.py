"""Rows that the benchmarks of training tune on.

Rows are DialogSum's where `--data` finds them; where not, rows of random tokens with the same
lengths and the same instruction in front. All trainers get the same token ids in the same order.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

MODEL = "demo:smollm2-135m-instruct"
DIALOGSUM = Path(__file__).parents[2] / "shared/data/dialogsum/train.jsonl"
PROMPT_TOKENS = (121, 157, 184, 204, 221, 240, 269, 301, 342, 418)
SUMMARY_TOKENS = (18, 22, 26, 29, 32, 35, 40, 43, 50, 64)
"""Tokens of DialogSum's prompts and summaries with the demo's tokenizer: 5th to 95th percentile."""


def load_rows(tokenizer: Any, args: argparse.Namespace) -> list[Any]:
    """Take rows evenly over the lengths, as an epoch has them, in one shuffled order."""
    count = args.batch * (args.steps + 1)
    if args.data.is_file():
        every = sorted(dialogues(tokenizer, args.data), key=lambda e: (len(e), e.id))
        taken = [every[(2 * n + 1) * len(every) // (2 * count)] for n in range(count)]
    else:
        taken = synthetic_rows(tokenizer, count)
    random.Random(0).shuffle(taken)
    return taken


def dialogues(tokenizer: Any, path: Path, *, most: int = 1500) -> list[Any]:
    """Tokenize rows of DialogSum with the default prompt."""
    from abrege.core.types import Pair

    lines = path.read_text(encoding="utf-8").splitlines()
    sample = random.Random(0).sample(lines, min(most, len(lines)))
    pairs = [
        Pair(id=row["fname"], document=row["dialogue"], references=[row["summary"]])
        for row in map(json.loads, sample)
    ]
    renderer = build_renderer(tokenizer)
    return [renderer.tokenize_pair(pair) for pair in pairs]


def synthetic_rows(tokenizer: Any, count: int) -> list[Any]:
    """Make rows of random tokens with the lengths of DialogSum's, behind the same instruction."""
    from abrege.core.types import Pair
    from abrege.prompts.prompt_format import TokenizedExample

    generator = random.Random(0)
    empty = build_renderer(tokenizer).full_prompt_ids(Pair(id="empty", document="", references=[]))
    stop = build_renderer(tokenizer).format.stop_ids[0]

    def ids(length: int) -> list[int]:
        return [generator.randrange(1000, tokenizer.vocab_size) for _ in range(length)]

    rows = []
    for n in range(count):
        prompt = PROMPT_TOKENS[n * len(PROMPT_TOKENS) // count]
        summary = SUMMARY_TOKENS[n * len(SUMMARY_TOKENS) // count]
        prompt_ids = [*empty, *ids(prompt - len(empty))]
        rows.append(TokenizedExample(f"row-{n}", prompt_ids, [*ids(summary - 1), stop], prompt, 0))
    return rows


def build_renderer(tokenizer: Any) -> Any:
    """Return a renderer with the default prompt in the chat template."""
    from abrege.prompts.chat_template import chat_fields
    from abrege.prompts.prompt_format import DecodingProfile, PromptFormat, PromptRenderer
    from abrege.prompts.template import prompt_template

    return PromptRenderer(
        tokenizer,
        PromptFormat(
            base_model=MODEL,
            dtype="auto",
            template=prompt_template(None, "en", chat=True),
            system=None,
            max_tokens=1024,
            **chat_fields(tokenizer, chat=True),
            profile=DecodingProfile(max_new_tokens=64),
        ),
    )
