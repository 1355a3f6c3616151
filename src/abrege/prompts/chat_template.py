"""What a chat template does with a conversation, found out by rendering probes.

Templates are programs: one refuses a system message, one drops it, one wants content as parts, one
writes today's date, one opens a block of thoughts that a summary would be trained inside.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from abrege.core.errors import RecipeError, SetupError
from abrege.core.events import Note, OnEvent, silent
from abrege.prompts.tokenizer import Tokenizer, special_tokens

FIXED_DATE = "2024-07-26"
"""The date in prompts of templates that write today's: a model is asked the same every day."""
DATE_CALL = re.compile(r"""strftime_now\((["'])(.*?)\1\)""")
"""How a template asks for today's date; transformers hands it no function of ours instead."""
PROBE = "Résumé"
SYSTEM_PROBE = "Système"
NO_THINKING = {"enable_thinking": False}
"""The switch of the templates of Qwen3, SmolLM3, Nemotron and others."""
THOUGHTS_OPENED = re.compile(
    r"<(think|thinking|thought|reasoning|seed:think)>(?!.*</\1>)", re.DOTALL
)


@dataclass(frozen=True, kw_only=True)
class ChatFormat:
    """How conversations go through a tokenizer's chat template; part of abrege.json.

    parts           whether the content of a message is a list of parts
    system_in_user  whether the system text stands before the first user message, since the
                    template has no system message
    arguments       further arguments of the template, such as enable_thinking: false
    date            the date that the template writes, as YYYY-MM-DD; None: it writes none
    suffix          text behind the prompt: it closes a block of thoughts that the template opens
    """

    parts: bool = False
    system_in_user: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)
    date: str | None = None
    suffix: str = ""

    def render(
        self, tokenizer: Tokenizer, messages: Sequence[Mapping[str, str]], *, ask: bool = True
    ) -> str:
        """Return a conversation as text.

        ask  whether the prompt for the assistant's answer follows

        Raise SetupError where the template cannot be rendered.
        """
        turns = _system_to_user(messages) if self.system_in_user else messages
        if self.parts:
            content = [[{"type": "text", "text": turn["content"]}] for turn in turns]
            turns = [{**t, "content": c} for t, c in zip(turns, content, strict=True)]  # type: ignore[dict-item]
        extra: dict[str, Any] = dict(self.arguments)
        if self.date is not None:
            day = datetime.date.fromisoformat(self.date)
            extra["date_string"] = day.strftime("%d %b %Y")
            extra["chat_template"] = DATE_CALL.sub(
                lambda call: repr(day.strftime(call[2])), tokenizer.get_chat_template()
            )
        try:
            text = tokenizer.apply_chat_template(
                list(turns), tokenize=False, add_generation_prompt=ask, **extra
            )
        except Exception as error:  # a template is a program, and raises what it likes
            raise SetupError(
                f"the chat template of this model cannot be rendered: {_reason(error)}.\n"
                "  Copy the folder of the model again, or write prompt.chat: never and tune."
            ) from error
        return f"{text}{self.suffix if ask else ''}"


def chat_fields(
    tokenizer: Tokenizer, *, chat: bool, system: str | None = None, on_event: OnEvent = silent
) -> dict[str, Any]:
    """Return the fields of a PromptFormat that a tokenizer decides: chat, its format, stop tokens.

    chat    whether prompts go into the tokenizer's chat template
    system  the system message of the recipe

    Raise RecipeError as `inspect_chat_template` and `stop_token_ids` do.
    """
    inspected = inspect_chat_template(tokenizer, system=system, on_event=on_event) if chat else None
    return {
        "chat": chat,
        "chat_format": inspected or ChatFormat(),
        "stop_ids": stop_token_ids(tokenizer, inspected),
    }


def inspect_chat_template(
    tokenizer: Tokenizer, *, system: str | None = None, on_event: OnEvent = silent
) -> ChatFormat:
    """Return how a tokenizer's chat template must be used; send a Note for what it cannot do.

    system  the system message of the recipe

    Raise RecipeError for a template that does not show the user's words.
    """
    chat = _content_form(tokenizer)
    if system is not None and not _shows_system(tokenizer, chat):
        chat = replace(chat, system_in_user=True)
        on_event(Note("the chat template has no system message: prompt.system stands before the "
                      "user's words"))  # fmt: skip
    if _writes_date(tokenizer, chat):
        chat = replace(chat, date=FIXED_DATE)
        on_event(Note(f"the chat template writes a date: it is {FIXED_DATE} in all prompts"))
    return _without_thoughts(tokenizer, chat, on_event)


def check_shows_words(tokenizer: Tokenizer, chat: ChatFormat) -> None:
    """Raise SetupError where a template no longer shows the user's words: it is damaged."""
    if PROBE not in chat.render(tokenizer, [{"role": "user", "content": PROBE}]):
        raise SetupError(
            "the chat template of this model does not show the user's words: it is damaged.\n"
            "  Copy the folder of the model again, or run abrege tune."
        )


def _content_form(tokenizer: Tokenizer) -> ChatFormat:
    question = [{"role": "user", "content": PROBE}]
    reason = ""
    for chat in (ChatFormat(), ChatFormat(parts=True)):
        rendered, error = _try_render(chat, tokenizer, question)
        if PROBE in rendered and "{'type'" not in rendered:
            return chat
        reason = reason or error
    raise RecipeError(
        f"tune.model: its chat template does not show the user's words{reason and f' ({reason})'}."
        "\n  Write prompt.chat: never, or name another model."
    )


def _shows_system(tokenizer: Tokenizer, chat: ChatFormat) -> bool:
    messages = [{"role": "system", "content": SYSTEM_PROBE}, {"role": "user", "content": PROBE}]
    return SYSTEM_PROBE in _try_render(chat, tokenizer, messages)[0]


def _writes_date(tokenizer: Tokenizer, chat: ChatFormat) -> bool:
    """Return whether two days give two prompts; a fixed date in the template is no matter."""
    question = [{"role": "user", "content": PROBE}]
    days = (replace(chat, date=day) for day in ("2001-02-03", "2011-12-13"))
    one, other = (_try_render(day, tokenizer, question)[0] for day in days)
    return one != other


def _without_thoughts(tokenizer: Tokenizer, chat: ChatFormat, on_event: OnEvent) -> ChatFormat:
    """Switch thinking off where the template has a switch, else close the block that it opens."""
    question = [{"role": "user", "content": PROBE}]
    plain = chat.render(tokenizer, question)
    switched = replace(chat, arguments=NO_THINKING)
    if _try_render(switched, tokenizer, question)[0] not in ("", plain):
        on_event(Note("the chat template can think: enable_thinking is false in all prompts"))
        chat, plain = switched, switched.render(tokenizer, question)
    opened = THOUGHTS_OPENED.search(plain, plain.rindex(PROBE))
    if opened:
        newline = "\n" if plain.endswith("\n") else "\n\n"
        on_event(Note(f"the chat template opens {opened[0]}: it is closed before the summary"))
        chat = replace(chat, suffix=f"{newline}</{opened[1]}>\n\n")
    return chat


def _try_render(
    chat: ChatFormat, tokenizer: Tokenizer, messages: Sequence[Mapping[str, str]]
) -> tuple[str, str]:
    """Return the rendered text, or an empty one and the reason; templates raise what they like."""
    try:
        return chat.render(tokenizer, messages), ""
    except Exception as error:
        return "", _reason(error.__cause__ or error)


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _system_to_user(messages: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    if not messages or messages[0]["role"] != "system":
        return messages
    system, first, *others = messages
    return [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *others]


def stop_token_ids(tokenizer: Tokenizer, chat: ChatFormat | None) -> list[int]:
    """Return the stop tokens of a summary; the first is the one that training teaches.

    In a chat that is what the chat template puts after the assistant's message, which is not
    always the tokenizer's eos token. Raise RecipeError if there is no stop token.
    """
    stop_ids = []
    if chat is not None:
        after = tokenizer(_after_answer(tokenizer, chat), add_special_tokens=False)["input_ids"]
        vocabulary = tokenizer.get_vocab()
        special_ids = {vocabulary[token] for token in special_tokens(tokenizer)}
        stop_ids = [i for i in after if i in special_ids][:1]
    if tokenizer.eos_token_id is not None:
        stop_ids.append(tokenizer.eos_token_id)
    if not stop_ids:
        raise RecipeError("tune.model: this tokenizer has no end token, so no summary would end")
    return list(dict.fromkeys(int(i) for i in stop_ids))


def _after_answer(tokenizer: Tokenizer, chat: ChatFormat) -> str:
    """Return what the template writes after the assistant's message."""
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": PROBE}]
    try:
        text = chat.render(tokenizer, messages, ask=False)
    except Exception:
        return ""
    return text[text.rindex(PROBE) + len(PROBE) :] if PROBE in text else ""
