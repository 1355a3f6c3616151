"""The command `abrege`: imports the one command asked for, and turns errors into exit codes."""

import argparse
import difflib
import errno
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from itertools import takewhile
from types import ModuleType
from typing import NamedTuple

from abrege import __version__
from abrege.core.errors import AbregeError, RecipeError, SetupError

INTERRUPTED = 130


class Command(NamedTuple):
    """A word after `abrege`, the module of this folder that answers it, and its line of help."""

    name: str
    module: str
    help: str


COMMANDS = (
    Command(
        "run", "run", "carry a recipe through its stages, from raw documents or pairs to the report"
    ),
    Command("collect", "stage", "take raw documents from a dump, a wiki, a folder or a file"),
    Command("clean", "stage", "keep what is worth summarising, and say why the rest went"),
    Command("annotate", "stage", "let a teacher write their summaries"),
    Command("split", "stage", "read the pairs and divide them into train, valid and test"),
    Command("tune", "stage", "tune the student on the train pairs"),
    Command("generate", "stage", "let each system summarise the test documents"),
    Command("evaluate", "stage", "score the summaries, with intervals and paired tests"),
    Command("report", "stage", "write the page that shows what came of it"),
    Command("doctor", "doctor", "look at pairs before tuning, and say what is wrong with them"),
    Command("score", "score", "score any tool's summaries against references, with intervals"),
    Command("compare", "compare", "test whether one system's summaries are better than another's"),
    Command(
        "review", "review", "let people look over a teacher's work, or compare systems blindly"
    ),
    Command("stress", "stress", "ask a model texts written to trip it, and judge it by rules"),
    Command("summarize", "summarize", "summarise new texts with a tuned model"),
    Command("export", "export", "merge the tuned model into a folder that transformers loads"),
    Command("init", "init", "write a short recipe to start from"),
    Command("schema", "schema", "print the JSON Schema of recipes"),
    Command("env", "env", "show the versions and the machine abrege works with"),
)
CARRIED_ON = {
    "run",
    "export",
    "review",
    "stress",
    *(c.name for c in COMMANDS if c.module == "stage"),
}
"""Commands that keep what they did, and go on from there."""
STAGES = tuple(command.name for command in COMMANDS if command.module == "stage")


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line; return its exit code.

    What the user can mend is one message on stderr. Any other exception is a bug and passes
    through with its traceback.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if "--debug" not in words and not sys.warnoptions:
        # What a library will change in its next version is nothing that a user can mend.
        warnings.filterwarnings("ignore", category=FutureWarning)
    try:
        code = _carry_out(words)
        sys.stdout.flush()  # a full disk or a closed pipe is met here, not in the interpreter's end
    except KeyboardInterrupt as error:
        again = "the same command carries on" if {*words} & CARRIED_ON else "nothing was kept"
        _tell(f"interrupted; {str(error) or again}", error)
        return INTERRUPTED
    except BrokenPipeError:  # `abrege … | head` has read enough
        _abandon_stdout()
        return 1
    except Exception as error:
        message = _mendable(error)
        if message is None:
            raise
        if "--debug" in words:
            traceback.print_exception(error)
        _tell(str(message), error)
        return message.exit_code
    return code


def command_parser(command: Command, module: ModuleType) -> argparse.ArgumentParser:
    """Build the parser of one command; its module adds the arguments."""
    parser = argparse.ArgumentParser(
        prog=f"abrege {command.name}",
        description=command.help[0].upper() + command.help[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=command.name)
    module.add_arguments(parser)
    _add_debug(parser)
    return parser


def top_parser() -> argparse.ArgumentParser:
    """Build the parser of what stands before the command."""
    width = max(len(command.name) for command in COMMANDS)
    table = "\n".join(f"  {c.name:{width}}  {c.help}" for c in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="abrege",
        usage="abrege [--help] [--version] [--debug] COMMAND ...",
        description="From raw text to a small language model that summarises it well, "
        "and whether it does.",
        epilog=f"commands:\n{table}\n\n'abrege COMMAND --help' says more. "
        "The first thing to try: abrege run quickstart",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"abrege {__version__}")
    _add_debug(parser)
    return parser


def _add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error too")


def _carry_out(words: Sequence[str]) -> int:
    try:
        return _parse_and_run(words)
    except SystemExit as stop:  # argparse has spoken: help, or a usage it could not read
        return stop.code if isinstance(stop.code, int) else 1


def _parse_and_run(words: Sequence[str]) -> int:
    before = list(takewhile(lambda word: word.startswith("-"), words))
    parser = top_parser()
    parser.parse_args(before)
    if len(before) == len(words):
        parser.print_help(sys.stderr)
        return RecipeError.exit_code
    name, *rest = words[len(before) :]
    command = _find(name)
    module = import_module(f"abrege.cli.{command.module}")
    code: int = module.run(command_parser(command, module).parse_args(rest))
    return code


def _find(name: str) -> Command:
    known = {command.name: command for command in COMMANDS}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(known)}"
    raise RecipeError(f"{name} is not a command; {hint}")


def _mendable(error: Exception) -> AbregeError | None:
    """Give the error as something the user can mend, or None where it is a bug of ours."""
    if isinstance(error, AbregeError):
        return error
    full = (errno.ENOSPC, errno.EDQUOT)
    # Rust libraries (safetensors, tokenizers) raise classes of their own with the system's words.
    if getattr(error, "errno", None) in full or os.strerror(errno.ENOSPC) in str(error):
        _abandon_stdout()
        where = getattr(error, "filename", None) or "writing"
        return SetupError(
            f"{where}: the disk is full.\n  Free some room and run the same command again."
        )
    return None


def _tell(what: str, error: BaseException) -> None:
    """Say on stderr what ended the command: where many processes meet it, one of a machine does.

    Those that have joined agree on the one that tells, whose error has a note of its rank.
    """
    rank = os.environ.get("RANK", "0")
    if hasattr(error, "__notes__") or os.environ.get("LOCAL_RANK", "0") == "0":
        who = "abrege" if rank == "0" else f"abrege (rank {rank})"
        below = "\n" if isinstance(error, KeyboardInterrupt) else ""  # the terminal's own ^C
        print(f"{below}{who}: {what}", file=sys.stderr)


def _abandon_stdout() -> None:
    """Point stdout at nothing, so that the interpreter does not fail again when it flushes it."""
    with open(os.devnull, "w") as nothing:  # noqa: PTH123 - no path to speak of
        os.dup2(nothing.fileno(), 1)
