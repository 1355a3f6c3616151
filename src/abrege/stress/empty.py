"""Texts without a word, for every language: white space, and signs."""

from abrege.stress.rules import NothingInvented, SaysNothing
from abrege.stress.templates import Template

VALUES = {
    "blank": ("", " ", "\n", "\t", "   ", "\n\n", " \n ", "\u00a0", "\t\n\t", "\r\n", "\u2003"),
    "gap": (" ", "\n", "\n\n", "\t", "   ", " \n"),
    "marks": (".", "…", "---", "* * *", "?!", "« »", '""', "()", "- -", "|", "#", "•", "~~", "&"),
}


def templates(right: tuple[str, ...], wrong: tuple[str, ...]) -> tuple[Template, ...]:
    """Make the templates of the empty texts, with what is right and wrong in a language."""
    return tuple(
        Template(
            "empty",
            text,
            "is empty, or says that there is no text",
            (NothingInvented(), SaysNothing()),
            ("", *right),
            wrong,
        )
        for text in ("{blank1}", "{marks1}", "{marks1}{gap1}{marks2}", "{blank1}{marks1}{blank2}")
    )
