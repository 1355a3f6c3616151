"""`abrege review`: people look over a teacher's summaries, or compare two systems blindly."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli import annotations
from abrege.cli.score_options import positive_int

if TYPE_CHECKING:
    from abrege.human_eval.agreement import Preference, Tally

EXAMPLES = """examples:
  abrege review export runs/wiki --reviewer ann
  abrege review import runs/wiki annotations-ann.json annotations-bob.csv
  abrege review blind runs/demo
  abrege review tally runs/demo decisions-ann.json decisions-bob.json
  abrege review judge runs/demo --model NAME --base-url http://localhost:8000/v1

'abrege review ACTION --help' says more."""
BLIND = """examples:
  abrege review blind runs/demo
  abrege review blind runs/demo --systems lead tuned --rows 30 --seed 1

Writes RUN/review/blind.html, one page that works without a network, and RUN/review/key.json, which
says what stood where. Give reviewers the page alone; each sends back the file it downloads. The
same arguments give the same page; others replace it, and its decisions are then refused."""
TALLY = """examples:
  abrege review tally runs/demo decisions-ann.json decisions-bob.json
  abrege review tally runs/demo decisions-*.json --json

The share is of the rows that were not alike, with its exact interval (Clopper-Pearson) and the
two-sided sign test. Rows of one group (a paper, a dialogue) count once, ties left out. The
result is kept in RUN/review/preference.json."""

JUDGE = """examples:
  abrege review judge runs/demo --model qwen2.5:14b --base-url http://localhost:11434/v1
  OPENAI_API_KEY=... abrege review judge runs/demo --model gpt-5-mini --rows 30

Asks a model behind an OpenAI-compatible server (vLLM, llama.cpp, Ollama, a paid service) which of
two summaries is better, each row in both orders: what it answers by the place alone contradicts
itself and counts as a tie. Answers are kept as they come, in RUN/review/judge.jsonl; the same
command asks only for what is missing. A model's taste is not people's: compare it with a tally."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `abrege review`, each with its arguments."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    annotations.add_actions(partial(_action, actions))
    made = _action(actions, "blind", "write the page on which people compare two systems", BLIND)
    made.add_argument("--systems", nargs=2, default=["base", "tuned"], metavar="NAME",
        help="whose summaries are compared (default: base tuned)")  # fmt: skip
    made.add_argument("--rows", type=int, default=50, metavar="N",
        help="how many are asked about (default: 50)")  # fmt: skip
    made.add_argument("--seed", type=int, default=0, metavar="N",
        help="fixes the rows, their order and their sides (default: 0)")  # fmt: skip
    made = _action(actions, "judge", "ask a model which of two systems is better", JUDGE)
    made.add_argument("--model", required=True, metavar="NAME",
        help="the judge, as its server names it")  # fmt: skip
    made.add_argument("--base-url", metavar="URL",
        help="the server's address, which ends in /v1; OPENAI_BASE_URL where left out")  # fmt: skip
    made.add_argument("--systems", nargs=2, default=["base", "tuned"], metavar="NAME",
        help="whose summaries are compared (default: base tuned)")  # fmt: skip
    made.add_argument("--rows", type=positive_int, default=50, metavar="N",
        help="how many rows are drawn (default: 50)")  # fmt: skip
    made.add_argument("--seed", type=int, default=0, metavar="N",
        help="fixes the rows (default: 0)")  # fmt: skip
    made.add_argument("--max-tokens", type=positive_int, default=1024, metavar="N",
        help="longest answer; a model that thinks needs more (default: 1024)")  # fmt: skip
    made.add_argument("--workers", type=positive_int, default=4, metavar="N",
        help="questions under way at once, at most (default: 4)")  # fmt: skip
    made.add_argument("--json", action="store_true", help="print JSON instead of sentences")
    made = _action(actions, "tally", "count what the reviewers decided", TALLY)
    made.add_argument("decisions", type=Path, nargs="+", metavar="DECISIONS",
        help="files that the page downloaded, one for each reviewer")  # fmt: skip
    made.add_argument("--json", action="store_true", help="print JSON instead of sentences")


def run(args: argparse.Namespace) -> int:
    """Carry out the action asked for."""
    {
        "export": annotations.export,
        "import": annotations.import_,
        "blind": _blind,
        "judge": _judge,
        "tally": _tally,
    }[args.action](args)
    return 0


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    help_: str,
    epilog: str,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name,
        help=help_,
        description=help_[0].upper() + help_[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/demo")
    # Read by the program itself; suppressed, so as not to undo one that stands before the action.
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS,
        help="show the traceback of an error too")  # fmt: skip
    return parser


def _blind(args: argparse.Namespace) -> None:
    from abrege.human_eval import blind as review
    from abrege.report.format import plural

    made = review.blind(args.folder, systems=args.systems, rows=args.rows, seed=args.seed)
    print(made.page)
    _remark(f"{plural(made.asked, 'row')} to compare of {plural(made.total, 'test row')}")
    if made.asked < min(args.rows, made.total):
        _remark(f"fewer than the {args.rows} asked for: there are no more that differ")
    if made.same:
        _remark(_alike(made.same))
    if made.replaced:
        _remark("this replaces another page: decisions made on that one are refused from now on")
    _remark(f"send the page alone; {made.key} says what stood where")


def _judge(args: argparse.Namespace) -> None:
    from abrege.cli.progress import show_progress
    from abrege.human_eval.agreement import Preference
    from abrege.human_eval.judge import judge
    from abrege.llm_client.openai_client import OpenAIClient, SamplingParams

    params = SamplingParams(max_tokens=args.max_tokens)
    first, second = args.systems
    with (
        show_progress() as on_event,
        OpenAIClient(args.model, base_url=args.base_url, params=params) as server,
    ):
        found = judge(
            args.folder,
            server,
            systems=(first, second),
            rows=args.rows,
            seed=args.seed,
            workers=args.workers,
            on_event=on_event,
        )
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    counts = found["preference"]
    told = {name: counts[name] for name in Preference.__dataclass_fields__}
    said = preferred(Preference(**told), (first, second), rows=counts["n"])
    print(f"the model {args.model}: {said}")
    print("\n".join(_of_the_judge(found)))


def _of_the_judge(found: Mapping[str, Any]) -> Iterator[str]:
    """Say how far a model that was asked in both orders can be trusted."""
    told = found["figures"]
    if told["n"]:
        share = f"{100 * told['disagreement_share']:.0f} %"
        yield f"it contradicts itself on {told['disagreements']} of {told['n']} rows ({share})"
    if told["picks"]:
        share = f"{100 * told['first_share']:.0f} %"
        picked = f"{told['first_picks']} of {told['picks']} picks"
        yield f"it picked what stood first in {picked} ({share})"
    if found["identical"]:
        yield _alike(found["identical"])
    if told["unreadable_answers"]:
        yield f"{told['unreadable_answers']} answers could not be read"
    if found["unanswered"]:
        yield f"{len(found['unanswered'])} questions got no answer; the same command asks again"


def _tally(args: argparse.Namespace) -> None:
    from abrege.human_eval import blind as review

    found = review.tally(args.folder, args.decisions)
    said, remarks = list(_said(found)), list(_remarks(found))
    for text in remarks:
        _remark(text)
    if args.json:
        told = {**asdict(found), "in_words": said, "remarks": remarks}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print("\n".join([*said, "", found.signature]))


def _remark(text: str) -> None:
    print(text, file=sys.stderr)


def _alike(same: int) -> str:
    from abrege.report.format import plural

    return f"{plural(same, 'row')} not asked about: both systems wrote the same, ties by themselves"


def _said(tally: "Tally") -> Iterator[str]:
    """Give the result in sentences: all together first, where there are several."""
    if len(tally.reviewers) > 1:
        told = preferred(tally.together, tally.systems, rows=sum(tally.rows.values()))
        yield f"{len(tally.reviewers)} reviewers together, each row by majority: {told}"
    for person in tally.reviewers:
        told = preferred(person.preference, tally.systems, rows=sum(person.rows.values()))
        yield f"{person.name}: {told}"
    yield from (annotations.agreed(pair) for pair in tally.agreement)


def preferred(found: "Preference", systems: tuple[str, str], *, rows: int) -> str:
    """Say who was preferred, how often and how sure that is; or that it cannot be told."""
    from abrege.metrics.significance import ALPHA

    counted = found.wins + found.ties + found.losses
    unit = "rows" if counted == rows else "groups"
    within = "" if counted == rows else f"; {rows} rows in {counted} groups, each counted once"
    if found.share is None or found.low is None or found.high is None or found.p is None:
        return f"no preference: all {counted} {unit} alike{within}"
    name, times, share, low, high = systems[1], found.wins, found.share, found.low, found.high
    sure = found.p < ALPHA
    if sure and share < 0.5:
        name, times, share, low, high = systems[0], found.losses, 1 - share, 1 - high, 1 - low
    of = f"{times} of {found.wins + found.losses} {unit}"
    figures = f"{100 * share:.0f} % [{100 * low:.0f}, {100 * high:.0f}], p = {_short(found.p)}"
    opening = (
        f"{name} was preferred on" if sure else f"no detectable preference: {name} preferred on"
    )
    return f"{opening} {of} ({figures}), {found.ties} alike{within}"


def _remarks(tally: "Tally") -> Iterator[str]:
    """Say what weakens the result, or is not in it."""
    from abrege.metrics.significance import ALPHA
    from abrege.report.format import plural

    for person in tally.reviewers:
        chose = person.chose_a
        if chose.p is not None and chose.p < ALPHA:
            yield (
                f"{person.name} chose A on {chose.wins} of {chose.wins + chose.losses} rows "
                f"(p = {_short(chose.p)}): a habit perhaps, for the sides were drawn"
            )
        if person.undecided:
            yield f"{person.name} left {person.undecided} of {tally.asked} rows open"
    if tally.undecided and len(tally.reviewers) > 1:
        yield f"{plural(tally.undecided, 'row')} of {tally.asked} nobody decided"
    if tally.same:
        yield _alike(tally.same)
    if len(tally.reviewers) == 1:
        yield "one reviewer: how far another would agree is not known"
    if tally.notes:
        yield f"{plural(len(tally.notes), 'note')} of reviewers: review/preference.json has them"


def _short(value: float) -> str:
    """Write a number below one as statisticians do: .01, −.2."""
    text = f"{value:.2g}"
    return (
        text.replace("0.", ".", 1).replace("-", "−", 1) if text.startswith(("0.", "-0.")) else text
    )
