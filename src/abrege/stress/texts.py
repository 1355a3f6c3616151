"""The texts of a stress suite, loaded from the YAML files of its language and validated."""

import random
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator
from ruamel.yaml import YAML

from abrege.stress.rules import RULES
from abrege.stress.templates import CaseTemplate, SlotValues, slot_names
from abrege.text.tokenize import count_words

FILLER_WORDS = 5400
FILLER_COUNT = 10_000
_FORBID = ConfigDict(extra="forbid", frozen=True)
_CONTINUATION = re.compile(r"\n[ \t]+(?=\S)")


@dataclass(frozen=True)
class SuiteTexts:
    """The templates of a language by kind, and the values that fill their slots."""

    templates: Mapping[str, Sequence[CaseTemplate]]
    values: Mapping[str, SlotValues]


class FillerTexts(BaseModel):
    """The middle of a very long text: small news, generated from a number when indexed."""

    model_config = _FORBID

    lang: str
    paragraphs: tuple[str, ...]
    people: tuple[str, ...]
    places: tuple[str, ...]
    things: tuple[str, ...]
    days: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of texts."""
        return FILLER_COUNT

    def __getitem__(self, number: int, /) -> str:
        """Return a text of at least FILLER_WORDS words, in which all paragraphs take turns."""
        rng = random.Random(f"filler/{number}")
        text: list[str] = []
        words, remaining = 0, list[str]()
        while words < FILLER_WORDS:
            remaining = remaining or rng.sample(self.paragraphs, len(self.paragraphs))
            paragraph = remaining.pop().format(
                who=rng.choice(self.people),
                where=rng.choice(self.places),
                thing=rng.choice(self.things),
                day=rng.choice(self.days),
                n=rng.randrange(6, 48),
            )
            paragraph = paragraph[0].upper() + paragraph[1:]
            text.append(paragraph)
            words += count_words(paragraph, self.lang)
        return "\n\n".join(text)


class _TemplateEntry(BaseModel):
    """A template as it is written in a file; `shared_text` is a key of shared/texts.yaml."""

    model_config = _FORBID

    text: str = ""
    shared_text: str = ""
    point: str
    rules: tuple[dict[str, dict[str, Any]], ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...]

    @model_validator(mode="after")
    def _check_text(self) -> "_TemplateEntry":
        if bool(self.text) == bool(self.shared_text):
            raise ValueError("a template has either a text or a shared_text")
        return self


_ENTRIES = TypeAdapter(list[_TemplateEntry])
_VALUES = TypeAdapter(dict[str, tuple[str | int | tuple[str, str], ...]])


@cache
def load_texts(lang: str, kinds: Sequence[str]) -> SuiteTexts:
    """Load the suite of a language: `LANG/KIND.yaml` for each kind, its values and its filler.

    Raise ValueError (or KeyError for an unknown rule), with the file as a note, where the data is
    malformed.
    """
    values: dict[str, SlotValues] = {
        **_VALUES.validate_python(_read_yaml(lang, "values")),
        **_VALUES.validate_python(_read_yaml("shared", "values")),
        "filler": FillerTexts(lang=lang, **_read_yaml(lang, "filler")),
    }
    shared_texts = _read_yaml("shared", "texts")
    templates = {}
    for kind in kinds:
        try:
            entries = _ENTRIES.validate_python(_read_yaml(lang, kind))
            templates[kind] = tuple(_template(entry, kind, shared_texts) for entry in entries)
            for template in templates[kind]:
                check_slots(template, values)
        except (ValueError, KeyError) as error:
            error.add_note(f"in stress/{lang}/{kind}.yaml")
            raise
    return SuiteTexts(templates, values)


def _read_yaml(folder: str, name: str) -> Any:
    file = resources.files("abrege.stress") / folder / f"{name}.yaml"
    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))


def _template(entry: _TemplateEntry, kind: str, shared_texts: Mapping[str, str]) -> CaseTemplate:
    """Return the template of an entry; an indented line of its text continues the one before."""
    text = shared_texts[entry.shared_text] if entry.shared_text else entry.text
    return CaseTemplate(
        kind=kind,
        text=_CONTINUATION.sub(" ", text),
        point=entry.point,
        rules=tuple(
            RULES[name](**arguments) for rule in entry.rules for name, arguments in rule.items()
        ),
        right=entry.right,
        wrong=entry.wrong,
    )


def check_slots(template: CaseTemplate, values: Mapping[str, SlotValues]) -> None:
    """Raise ValueError if a slot has no values, or is used but does not occur in the text."""
    text_slots = slot_names(template.text)
    if missing := {name for name in text_slots.values() if name not in values}:
        raise ValueError(f"no values for the slots {sorted(missing)}")
    for part in (template.point, *template.right, *template.wrong, *map(str, template.rules)):
        fields = {field for _, field, _, _ in string.Formatter().parse(part) if field}
        if unknown := {re.sub(r"\[.*", "", field) for field in fields} - {*text_slots}:
            raise ValueError(f"the text has no slot {sorted(unknown)}, used in {part!r}")
