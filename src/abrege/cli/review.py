"""`abrege review`: people review a teacher's summaries, or compare two systems blindly."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli import review_annotations
from abrege.cli.score_options import positive_int

if TYPE_CHECKING:
    from abrege.human_eval.preference import PreferenceShare
    from abrege.human_eval.tally import Tally

EXAMPLES = """examples:
  abrege review export runs/wiki --reviewer ann
  abrege review import runs/wiki annotations-ann.json annotations-bob.csv
  abrege review blind runs/demo
  abrege review tally runs/demo decisions-ann.json decisions-bob.json
  abrege review judge runs/demo --model NAME --base-url http://localhost:8000/v1

See 'abrege review ACTION --help'."""
BLIND = """examples:
  abrege review blind runs/demo
  abrege review blind runs/demo --systems lead tuned --rows 30 --seed 1

Writes RUN/review/blind.html, one page that works without a network, and RUN/review/key.json, which
says which system wrote which summary. Give reviewers only the page; each sends back the file that
it downloads. The same arguments write the same page; other arguments replace it, and decisions made
on the old page are then rejected."""
TALLY = """examples:
  abrege review tally runs/demo decisions-ann.json decisions-bob.json
  abrege review tally runs/demo decisions-*.json --json

The share is computed on the rows where the summaries differ, with its exact interval
(Clopper-Pearson) and the two-sided sign test. Rows of one group (a paper, a dialogue) count once,
without ties. The result is written to RUN/review/preference.json."""

JUDGE = """examples:
  abrege review judge runs/demo --model qwen2.5:14b --base-url http://localhost:11434/v1
  OPENAI_API_KEY=... abrege review judge runs/demo --model gpt-5-mini --rows 30

Asks a model behind an OpenAI-compatible server (vLLM, llama.cpp, Ollama, a paid service) which of
two summaries is better, each row in both orders: a position-biased response contradicts itself and
counts as a tie. Responses are cached in RUN/review/judge.jsonl as they arrive; the same command
requests only the missing ones. A judge model's preferences may differ from people's: compare the
result with a tally."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `abrege review`, each with its arguments."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    review_annotations.add_actions(partial(_action, actions))
    action = _action(
        actions, "blind", "write a page on which people compare two systems blindly", BLIND
    )
    action.add_argument("--systems", nargs=2, default=["base", "tuned"], metavar="NAME",
        help="the two systems to compare (default: base tuned)")  # fmt: skip
    action.add_argument("--rows", type=int, default=50, metavar="N",
        help="number of rows on the page (default: 50)")  # fmt: skip
    action.add_argument("--seed", type=int, default=0, metavar="N",
        help="random seed of the sampled rows, their order and left/right sides (default: "
        "0)")  # fmt: skip
    action = _action(actions, "judge", "ask a model which of two systems is better", JUDGE)
    action.add_argument("--model", required=True, metavar="NAME",
        help="the judge model's name on the server")  # fmt: skip
    action.add_argument("--base-url", metavar="URL",
        help="base URL of the server, ending in /v1 (default: OPENAI_BASE_URL)")  # fmt: skip
    action.add_argument("--systems", nargs=2, default=["base", "tuned"], metavar="NAME",
        help="the two systems to compare (default: base tuned)")  # fmt: skip
    action.add_argument("--rows", type=positive_int, default=50, metavar="N",
        help="number of rows (default: 50)")  # fmt: skip
    action.add_argument("--seed", type=int, default=0, metavar="N",
        help="random seed of the sampled rows (default: 0)")  # fmt: skip
    action.add_argument("--max-tokens", type=positive_int, default=1024, metavar="N",
        help="maximum length of a response; a reasoning model needs more (default: "
        "1024)")  # fmt: skip
    action.add_argument("--workers", type=positive_int, default=4, metavar="N",
        help="concurrent requests (default: 4)")  # fmt: skip
    action.add_argument("--json", action="store_true", help="print JSON instead of sentences")
    action = _action(actions, "tally", "count the reviewers' decisions", TALLY)
    action.add_argument("decisions", type=Path, nargs="+", metavar="DECISIONS",
        help="files downloaded from the page, one for each reviewer")  # fmt: skip
    action.add_argument("--json", action="store_true", help="print JSON instead of sentences")


def run(args: argparse.Namespace) -> int:
    """Run the chosen action."""
    {
        "export": review_annotations.export,
        "import": review_annotations.import_,
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
    # Read by the program itself; suppressed, so as not to undo one before the action.
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS,
        help="also show the traceback of an error")  # fmt: skip
    return parser


def _blind(args: argparse.Namespace) -> None:
    from abrege.human_eval.blind import create_blind_page
    from abrege.report.format import plural

    written = create_blind_page(args.folder, systems=args.systems, rows=args.rows, seed=args.seed)
    print(written.page)
    rows, total = written.row_count, written.total
    _remark(f"{plural(rows, 'row')} to compare of {plural(total, 'test row')}")
    if rows < min(args.rows, total):
        _remark(f"fewer than --rows {args.rows}: no more rows differ")
    if written.same:
        _remark(_identical(written.same))
    if written.replaced:
        _remark("this replaces another page: decisions made on that one are refused from now on")
    _remark(f"send only the page; {written.key} reveals the systems")


def _judge(args: argparse.Namespace) -> None:
    from abrege.cli.progress import show_progress
    from abrege.human_eval.judge import judge
    from abrege.human_eval.preference import PreferenceShare
    from abrege.llm_client.openai_client import OpenAIClient, SamplingParams

    params = SamplingParams(max_tokens=args.max_tokens)
    first, second = args.systems
    with (
        show_progress() as on_event,
        OpenAIClient(args.model, base_url=args.base_url, params=params) as client,
    ):
        result = judge(
            args.folder,
            client,
            systems=(first, second),
            rows=args.rows,
            seed=args.seed,
            workers=args.workers,
            on_event=on_event,
        )
    if args.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return
    counts = result["preference"]
    share = PreferenceShare(**{name: counts[name] for name in PreferenceShare.__dataclass_fields__})
    sentence = preference_sentence(share, (first, second), row_count=counts["n"])
    print(f"the model {args.model}: {sentence}")
    print("\n".join(_judge_statistics(result)))


def _judge_statistics(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield how far a judge can be trusted that was asked in both orders."""
    statistics = result["figures"]
    if statistics["n"]:
        share = f"{100 * statistics['disagreement_share']:.0f} %"
        yield (
            f"it contradicts itself on {statistics['disagreements']} of {statistics['n']} rows "
            f"({share})"
        )
    if statistics["picks"]:
        share = f"{100 * statistics['first_share']:.0f} %"
        picks = f"{statistics['first_picks']} of {statistics['picks']} picks"
        yield f"it picked the summary shown first in {picks} ({share})"
    if result["identical"]:
        yield _identical(result["identical"])
    if statistics["unreadable_answers"]:
        yield f"{statistics['unreadable_answers']} answers could not be parsed"
    if result["unanswered"]:
        yield f"{len(result['unanswered'])} requests failed; the same command tries them again"


def _tally(args: argparse.Namespace) -> None:
    from abrege.human_eval.blind import tally_decisions

    tally = tally_decisions(args.folder, args.decisions)
    sentences, remarks = list(_sentences(tally)), list(_remarks(tally))
    for text in remarks:
        _remark(text)
    if args.json:
        result = {**tally.to_json(), "in_words": sentences, "remarks": remarks}
        print(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        print("\n".join([*sentences, "", tally.signature]))


def _remark(text: str) -> None:
    print(text, file=sys.stderr)


def _identical(same: int) -> str:
    from abrege.report.format import plural

    return f"{plural(same, 'row')} left out: both systems wrote the same, which is a tie"


def _sentences(tally: "Tally") -> Iterator[str]:
    """Yield the result in sentences: all together first, where there are several."""
    if len(tally.reviewers) > 1:
        row_count = sum(tally.rows.values())
        together = preference_sentence(tally.together, tally.systems, row_count=row_count)
        yield f"{len(tally.reviewers)} reviewers together, each row by majority: {together}"
    for person in tally.reviewers:
        row_count = sum(person.rows.values())
        sentence = preference_sentence(person.preference, tally.systems, row_count=row_count)
        yield f"{person.name}: {sentence}"
    yield from (review_annotations.agreement_sentence(pair) for pair in tally.agreement)


def preference_sentence(
    preference: "PreferenceShare", systems: tuple[str, str], *, row_count: int
) -> str:
    """Return which system was preferred, how often, with interval and p-value; or that none was."""
    from abrege.metrics.significance import ALPHA

    n = preference.wins + preference.ties + preference.losses
    unit = "rows" if n == row_count else "groups"
    grouped = "" if n == row_count else f"; {row_count} rows in {n} groups, each counted once"
    share, low, high, p = preference.share, preference.low, preference.high, preference.p
    if share is None or low is None or high is None or p is None:
        return f"no preference: all {n} {unit} alike{grouped}"
    name, times = systems[1], preference.wins
    is_significant = p < ALPHA
    if is_significant and share < 0.5:
        name, times, share, low, high = systems[0], preference.losses, 1 - share, 1 - high, 1 - low
    rows = f"{times} of {preference.wins + preference.losses} {unit}"
    interval = f"{100 * share:.0f} % [{100 * low:.0f}, {100 * high:.0f}], p = {_short(p)}"
    verb = "was preferred on" if is_significant else "preferred on"
    opening = "" if is_significant else "no detectable preference: "
    return f"{opening}{name} {verb} {rows} ({interval}), {preference.ties} alike{grouped}"


def _remarks(tally: "Tally") -> Iterator[str]:
    """Yield what weakens the result, or is not in it."""
    from abrege.metrics.significance import ALPHA
    from abrege.report.format import plural

    for person in tally.reviewers:
        left = person.chose_a
        if left.p is not None and left.p < ALPHA:
            yield (
                f"{person.name} chose A on {left.wins} of {left.wins + left.losses} rows "
                f"(p = {_short(left.p)}): perhaps a habit, for the sides were random"
            )
        if person.undecided:
            yield f"{person.name} left {person.undecided} of {tally.row_count} rows open"
    if tally.undecided and len(tally.reviewers) > 1:
        yield f"{plural(tally.undecided, 'row')} of {tally.row_count} decided by nobody"
    if tally.same:
        yield _identical(tally.same)
    if len(tally.reviewers) == 1:
        yield "only one reviewer: agreement with others is unknown"
    if tally.notes:
        yield f"{plural(len(tally.notes), 'note')} by reviewers: see review/preference.json"


def _short(value: float) -> str:
    """Format a number below one as statisticians do: .01, −.2."""
    text = f"{value:.2g}"
    return (
        text.replace("0.", ".", 1).replace("-", "−", 1) if text.startswith(("0.", "-0.")) else text
    )
