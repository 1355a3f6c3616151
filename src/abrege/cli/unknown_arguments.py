"""What an option that a command lacks was probably meant to be."""

import argparse
import difflib
from collections.abc import Iterator, Sequence

from abrege.core.errors import RecipeError

OTHER_OPTIONS = {
    **dict.fromkeys(("output", "output-dir", "output-folder", "o", "dir"), "did you mean --out?"),
    **dict.fromkeys(
        ("resume", "continue", "resume-from-checkpoint"),
        "the same command resumes what was interrupted",
    ),
    **dict.fromkeys(
        ("gpu", "cuda", "device", "use-cuda"),
        "a GPU is used where there is one; CUDA_VISIBLE_DEVICES= hides it",
    ),
    **dict.fromkeys(
        ("force", "f", "overwrite", "overwrite-output-dir"),
        "what is up to date is kept, and the rest is written again",
    ),
    **dict.fromkeys(("config", "c", "recipe", "cfg"), "the recipe stands without an option"),
    **dict.fromkeys(("verbose", "v", "vv"), "progress is shown anyway; --debug adds tracebacks"),
    **dict.fromkeys(("quiet", "q", "silent"), "progress is on stderr: 2> /dev/null leaves it out"),
    **dict.fromkeys(
        ("predictions", "pred", "preds", "hyp", "hypotheses", "candidates", "input", "i"),
        "the file stands without an option",
    ),
    **dict.fromkeys(("refs", "gold", "target", "targets", "labels"), "did you mean --references?"),
    **dict.fromkeys(("yes", "y"), "nothing asks for a confirmation"),
}
"""Options of other tools that no setting stands for → the answer."""


def unknown_argument(
    parser: argparse.ArgumentParser, argument: str, words: Sequence[str]
) -> RecipeError:
    """Return the error for an argument that a parser does not know.

    words  all arguments of the command, in which a value follows its option
    """
    kind = "option" if argument.startswith("-") else "argument"
    hint = _hint(parser, argument, words)
    return RecipeError(
        f"{argument} is not an {kind} of {parser.prog}{f'; {hint}' if hint else '.'}\n"
        f"  See {parser.prog} --help."
    )


def _hint(parser: argparse.ArgumentParser, argument: str, words: Sequence[str]) -> str:
    options = [*_option_strings(parser)]
    takes_settings = "--set" in options
    position = words.index(argument)
    if not argument.startswith("-"):
        override = words[position - 1]
        if takes_settings and words[position - 2 : position - 1] == ["--set"]:
            return f"did you mean --set {override}={argument}?"
        if "--references" in options:
            return _reference_hint(argument, words)
        return f"did you mean --set {argument}?" if takes_settings and "=" in argument else ""
    option, _, value = argument.partition("=")
    near = [o for o in options if o.startswith(option)]
    near = near or difflib.get_close_matches(option, options, n=1, cutoff=0.75)
    if near:
        return f"did you mean {near[0]}?"
    name = option.lstrip("-")
    answer = OTHER_OPTIONS.get(name, "")
    named = answer.removeprefix("did you mean ").removesuffix("?")
    if answer and (named == answer or named in options):
        return answer
    if not takes_settings:
        return ""
    following = words[position + 1 : position + 2]
    if not value and following and not following[0].startswith("-"):
        value = following[0]
    return _setting_hint(name, value or "VALUE")


def _reference_hint(file: str, words: Sequence[str]) -> str:
    """Return what a second file of `abrege score` was probably meant to be."""
    if {*words} & {"--references", "--data"}:
        return "did you mean abrege compare, for two files of predictions?"
    return f"did you mean --references {file}?"


def _setting_hint(name: str, value: str) -> str:
    """Return the override of the setting that an option of another tool names."""
    from abrege.recipe import Recipe
    from abrege.recipe.messages import settings_named

    settings = settings_named(Recipe, name.replace("-", "_"))
    if not settings:
        return ""
    if settings[0].startswith("--"):
        return f"did you mean {settings[0]}?"
    overrides = [
        f"--set {path.replace(': ', '=') if ': ' in path else f'{path}={value}'}"
        for path in settings
    ]
    return f"did you mean {' or '.join(overrides)}?"


def _option_strings(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from (option for option in action.option_strings if option.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _option_strings(inner)
