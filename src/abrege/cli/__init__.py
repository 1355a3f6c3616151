"""The command line: imports only the module of the command, and turns errors into exit codes."""

import argparse
import difflib
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, NoReturn

from abrege import __version__
from abrege.core.errors import AbregeError, RecipeError, SetupError
from abrege.core.io import disk_full_error, is_disk_full
from abrege.core.optional import explain_missing

INTERRUPTED = 130


class Command(NamedTuple):
    """A command, the module of this package that implements it, and its line of help."""

    name: str
    module: str
    help: str


COMMANDS = (
    Command("run", "run", "run all stages of a recipe, from raw documents or pairs to the report"),
    Command("collect", "stage", "collect raw documents from a dump, a wiki, a folder or a file"),
    Command("clean", "stage", "clean, filter and deduplicate the documents"),
    Command("annotate", "stage", "write a summary of each document with a teacher"),
    Command("split", "stage", "load the pairs and split them into train, valid and test"),
    Command("tune", "stage", "tune the student on the train pairs"),
    Command("generate", "stage", "generate each system's summaries of the test documents"),
    Command("evaluate", "stage", "score the summaries, with confidence intervals and paired tests"),
    Command("report", "stage", "write the report as a web page and as Markdown"),
    Command("doctor", "doctor", "check pairs for problems before tuning"),
    Command(
        "preview", "preview", "show the tokens that the model sees of a row, and is trained on"
    ),
    Command("score", "score", "score any tool's summaries against references, with intervals"),
    Command("compare", "compare", "test whether one system's summaries are better than another's"),
    Command("review", "review", "review a teacher's summaries, or compare systems blindly"),
    Command("stress", "stress", "stress-test a model with adversarial documents, judged by rules"),
    Command("summarize", "summarize", "summarize new texts with a tuned model"),
    Command("export", "export", "merge the tuned model into a folder that transformers can load"),
    Command("init", "init", "write a short recipe to start from"),
    Command("schema", "schema", "print the JSON Schema of recipes"),
    Command("env", "env", "show the versions and the machine that abrege runs on"),
)
RESUMABLE = {
    "run",
    "export",
    "review",
    "stress",
    *(c.name for c in COMMANDS if c.module == "stage"),
}
"""Commands that keep finished work and resume from it."""
OTHER_COMMANDS = {
    **dict.fromkeys(("train", "finetune", "fine-tune", "sft", "fit", "lora", "qlora"), "tune"),
    **dict.fromkeys(("predict", "inference", "infer", "test", "decode"), "generate"),
    **dict.fromkeys(("chat", "summarise", "summary", "complete", "ask"), "summarize"),
    **dict.fromkeys(("eval", "rouge", "metrics", "benchmark", "evaluation"), "score"),
    **dict.fromkeys(("merge", "convert", "save", "quantize"), "export"),
    **dict.fromkeys(("label", "distill", "synth", "teacher"), "annotate"),
    **dict.fromkeys(("download", "crawl", "scrape", "fetch", "ingest"), "collect"),
    **dict.fromkeys(
        ("dedup", "deduplicate", "filter", "preprocess", "process", "prepare"), "clean"
    ),
    **dict.fromkeys(("check", "validate", "inspect", "lint", "analyze"), "doctor"),
    **dict.fromkeys(("diff", "significance"), "compare"),
    **dict.fromkeys(("new", "create", "config", "configure", "setup"), "init"),
    **dict.fromkeys(("settings", "options"), "schema"),
    **dict.fromkeys(("info", "version", "system"), "env"),
    **dict.fromkeys(("start", "pipeline", "all", "resume"), "run"),
    **dict.fromkeys(
        ("show", "view", "sample", "tokenize", "render", "debug", "dry-run"), "preview"
    ),
}
"""What other tools call a command → what it is called here."""
LISTING = ("list", "ls", "recipes", "runs")
"""What other tools call a list of what there is."""
TERMINATION = [getattr(signal, n) for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)]
"""What ends a process from outside: kill, a scheduler, a closed terminal."""
STAGES = tuple(command.name for command in COMMANDS if command.module == "stage")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; return its exit code.

    An error that the user can fix is one message on stderr. Any other exception is a bug and
    passes through with its traceback.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if "--debug" not in words and not sys.warnoptions:
        # A user can do nothing about what a library will change in its next version.
        warnings.filterwarnings("ignore", category=FutureWarning)
    try:
        with _termination_as_ctrl_c():
            code = _run_command(words)
        sys.stdout.flush()  # a full disk or a closed pipe fails here, not at interpreter exit
    except KeyboardInterrupt as error:
        resumable = bool({*words} & RESUMABLE)
        advice = "run the same command again to resume" if resumable else "nothing was saved"
        _print_error(f"interrupted; {str(error) or advice}", error)
        return INTERRUPTED
    except BrokenPipeError:  # `abrege … | head` has read enough
        _abandon_stdout()
        return 1
    except Exception as error:
        user_error = _as_user_error(error)
        if user_error is None:
            raise
        if "--debug" in words:
            traceback.print_exception(error)
        _print_error(str(user_error), error)
        return user_error.exit_code
    return code


@contextmanager
def _termination_as_ctrl_c() -> Iterator[None]:
    """Treat SIGTERM and a closed terminal (SIGHUP) as Ctrl-C: what is tuned so far is saved.

    Worker processes inherit the handlers, and end at once.
    """
    owner = os.getpid()

    def handle(number: int, _frame: object) -> None:
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        elif signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in the background of a script
            raise KeyboardInterrupt
        else:
            signal.raise_signal(signal.SIGINT)

    in_main_thread = threading.current_thread() is threading.main_thread()
    numbers = [n for n in TERMINATION if in_main_thread and signal.getsignal(n) == signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


ALWAYS_THERE = {"RECIPE": ["quickstart"], "RUN": [], "--model": ["demo:smollm2-135m-instruct"]}
"""What may always stand for an argument, beside the recipes and runs of the folder."""


class CommandParser(argparse.ArgumentParser):
    """A parser that says what could stand for a recipe or a model that was left out."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error, and exit."""
        name = message.rpartition(": ")[2]
        if name in ALWAYS_THERE:
            from abrege.cli.recipes import recipes_here

            here = [path for path in recipes_here() if name == "RECIPE" or Path(path).is_dir()]
            examples = ", ".join([*here[:5], *ALWAYS_THERE[name]])
            message += f"\n  for example: {examples}" if examples else ""
        super().error(message)


def command_parser(command: Command, module: ModuleType) -> argparse.ArgumentParser:
    """Return the parser of one command; its module adds the arguments."""
    parser = CommandParser(
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
    """Return the parser of the options before the command."""
    width = max(len(command.name) for command in COMMANDS)
    table = "\n".join(f"  {c.name:{width}}  {c.help}" for c in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="abrege",
        usage="abrege [--help] [--version] [--debug] COMMAND ...",
        description="Tune small language models for summarization, and evaluate them.",
        epilog=f"commands:\n{table}\n\n"
        "More: abrege COMMAND --help. To start: abrege run quickstart",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"abrege {__version__}")
    _add_debug(parser)
    return parser


def _add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="also show the traceback of an error")


def _run_command(words: Sequence[str]) -> int:
    try:
        return _parse_and_run(words)
    except SystemExit as stop:  # argparse has printed the help or a usage error
        return stop.code if isinstance(stop.code, int) else 1


def _parse_and_run(words: Sequence[str]) -> int:
    before = list(takewhile(lambda word: word.startswith("-"), words))
    parser = top_parser()
    parser.parse_args(before)
    if len(before) == len(words):
        parser.print_help(sys.stderr)
        return RecipeError.exit_code
    name, *rest = words[len(before) :]
    if name == "help":  # as git and pip have it
        return _parse_and_run([*rest[:1], "--help"])
    command = _find_command(name)
    module = import_module(f"abrege.cli.{command.module}")
    command_line = command_parser(command, module)
    args, unknown = command_line.parse_known_args(rest)
    if unknown:
        from abrege.cli.unknown_arguments import unknown_argument

        raise unknown_argument(command_line, unknown[0], rest)
    code: int = module.run(args)
    return code


def _find_command(name: str) -> Command:
    known = {command.name: command for command in COMMANDS}
    if name in known:
        return known[name]
    if name.lower() in LISTING:
        from abrege.cli.recipes import bundled_recipes

        raise RecipeError(
            f"{name} is not a command; the bundled recipes are {', '.join(bundled_recipes())}.\n"
            "  abrege run NAME runs one; abrege run NAME --dry-run shows it. Runs are folders in "
            "runs/."
        )
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if name.lower() in OTHER_COMMANDS:
        near = [OTHER_COMMANDS[name.lower()]]
    hint = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(known)}"
    raise RecipeError(f"{name} is not a command; {hint}")


def _as_user_error(error: Exception) -> AbregeError | None:
    """Return the error as one that the user can fix; None if it is a bug."""
    if isinstance(error, AbregeError):
        return error
    if isinstance(error, ModuleNotFoundError):
        return explain_missing(error)
    if is_disk_full(error):
        _abandon_stdout()
        return disk_full_error(getattr(error, "filename", None) or "writing")
    if isinstance(error, OSError) and error.filename is not None:
        return SetupError(f"{os.fsdecode(error.filename)}: {error.strerror or error}.")
    return None


def _print_error(message: str, error: BaseException) -> None:
    """Print an error on stderr: of several processes, one per machine does.

    Distributed processes agree on the one that prints, whose error has a note of its rank.
    """
    rank = os.environ.get("RANK", "0")
    if hasattr(error, "__notes__") or os.environ.get("LOCAL_RANK", "0") == "0":
        program = "abrege" if rank == "0" else f"abrege (rank {rank})"
        newline = "\n" if isinstance(error, KeyboardInterrupt) else ""  # after the terminal's ^C
        print(f"{newline}{program}: {message}", file=sys.stderr)


def _abandon_stdout() -> None:
    """Point stdout at the null device, so that the flush at interpreter exit does not fail too."""
    with open(os.devnull, "w") as null:  # noqa: PTH123 - not a file
        os.dup2(null.fileno(), 1)
