"""The settings of annotate: which teacher writes the summaries that the student learns from."""

import json
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveInt,
    field_serializer,
    field_validator,
    model_validator,
)

from abrege.core.secrets import mask_address, mask_fields
from abrege.prompts.template import TEACHER_PLACEHOLDERS, template_error
from abrege.recipe.settings import Settings

Share = Annotated[float, Field(gt=0, le=1)]
WITHOUT_EFFECT = {
    "server": {"quantization"},
    "local": {"base_url", "extra_body", "timeout_seconds", "price"},
    "lead": {
        *(
            "model",
            "base_url",
            "extra_body",
            "quantization",
            "prompt",
            "system",
            "temperature",
            "top_p",
            "seed",
        ),
        *(
            "max_new_tokens",
            "context_window",
            "timeout_seconds",
            "workers",
            "attempts",
            "candidates",
        ),
        *("choose", "max_lead_overlap", "budget", "price", "sweep"),
    },
}
"""The settings that each kind of teacher ignores."""


RESERVED_FIELDS = {
    "model": "annotate.model",
    "messages": "annotate.prompt and annotate.system",
    "n": "annotate.candidates",
    "temperature": "annotate.temperature",
    "top_p": "annotate.top_p",
    "seed": "annotate.seed",
    "max_tokens": "annotate.max_new_tokens",
    "max_completion_tokens": "annotate.max_new_tokens",
}
"""Fields of a request, and the settings that they are written from."""


class PriceSettings(Settings):
    """The price of a server, in any currency."""

    prompt: NonNegativeFloat = Field(description="per million prompt tokens")
    completion: NonNegativeFloat = Field(description="per million generated tokens")


class BudgetSettings(Settings):
    """When annotation stops sending requests; finished summaries are kept."""

    requests: PositiveInt | None = Field(None, description="maximum number of requests")
    tokens: PositiveInt | None = Field(
        None, description="maximum number of tokens, prompts and completions together"
    )
    money: float | None = Field(None, gt=0, description="maximum cost, at annotate.price")


class Sweep(Settings):
    """A small grid of sampling settings tried on a few documents before one is chosen."""

    temperature: list[NonNegativeFloat] = Field([0.2, 0.5, 0.7], description="temperatures to try")
    top_p: list[Share] = Field([0.5, 0.7], description="values of top_p to try")
    rows: PositiveInt = Field(20, description="documents to try them on")


class Annotate(Settings):
    """Which teacher writes the summaries, its prompt, and which summaries are rejected."""

    teacher: Literal["server", "local", "lead"] = Field(
        "lead",
        description="a server with OpenAI's API, a model on this machine, or the document's own "
        "introduction (lead), which is removed from the document",
    )
    model: str | None = Field(
        None,
        description="the model's name on the server; or a hub id, folder, .gguf file or demo asset",
    )
    base_url: str | None = Field(
        None, description="base URL of the server (default: OPENAI_BASE_URL)"
    )
    extra_body: dict[str, Any] = Field(
        {},
        description="additional fields of each request to the server, such as "
        "{reasoning_effort: none} or {chat_template_kwargs: {enable_thinking: false}}",
    )
    quantization: Literal["none", "nf4"] = Field(
        "none", description="quantization of a local model: none, or 4-bit NormalFloat"
    )
    prompt: str | None = Field(
        None,
        description="prompt template with {document}, {title} and {meta.KEY} "
        "(default: abrege's own, in data.lang)",
    )
    system: str | None = Field(None, description="system message")
    temperature: NonNegativeFloat | None = Field(
        0.7, description="sampling temperature; 0 is greedy, null leaves it to the server"
    )
    top_p: float | None = Field(
        0.7, gt=0, le=1, description="nucleus sampling; null leaves it to the server"
    )
    max_new_tokens: PositiveInt = Field(400, description="maximum length of a summary, in tokens")
    context_window: PositiveInt | None = Field(
        None,
        description="maximum length of prompt and summary together, in the teacher's tokens; "
        "longer documents are truncated",
    )
    seed: int | None = Field(
        0,
        description="sampling seed, if the teacher supports one; null for a server that rejects it",
    )
    timeout_seconds: float = Field(
        300.0, gt=0, description="how long to wait for a server's response before a retry"
    )
    workers: PositiveInt = Field(
        8, description="concurrent requests; for a local model, the batch size"
    )
    attempts: PositiveInt = Field(
        3, description="maximum number of requests per document until a summary passes the checks"
    )
    candidates: PositiveInt = Field(
        1, description="summaries to generate for each document; one of them is chosen"
    )
    choose: Literal["first", "consensus"] = Field(
        "first",
        description="which candidate is used: the first that passes the checks, or the one with "
        "the highest ROUGE-L to the others",
    )
    min_words: PositiveInt = Field(10, description="shortest summary, in words")
    max_words: PositiveInt | None = Field(None, description="longest summary, in words")
    reject_unsupported: bool | None = Field(
        None,
        description="reject summaries with numbers or names that are not in the document "
        "(default: true for a model, false for introductions)",
    )
    max_lead_overlap: float = Field(
        0.9,
        gt=0,
        le=1,
        description="reject a summary if at least this share of it copies the document's beginning",
    )
    budget: BudgetSettings = Field(BudgetSettings(), description="when to stop")
    price: PriceSettings | None = Field(
        None, description="the price of the server, to compute the cost"
    )
    sweep: Sweep = Field(Sweep(), description="the grid of abrege annotate --sweep")

    @field_serializer("base_url")
    def _mask_secrets(self, value: str | None) -> str | None:
        """Write an address without its password and its keys: run folders are passed on."""
        return value and mask_address(value)

    @field_serializer("extra_body")
    def _mask_fields(self, value: dict[str, Any]) -> Any:
        """Write additional fields without the keys and tokens in them."""
        return mask_fields(value)

    @field_validator("extra_body")
    @classmethod
    def _check_extra_body(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name, setting in RESERVED_FIELDS.items():
            if name in value:
                raise ValueError(f"{name} is no additional field: it is written from {setting}")
        if "stream" in value:
            raise ValueError("stream is no additional field: answers are read whole")
        if "extra_body" in value:
            raise ValueError("extra_body stands in itself: write its fields directly")
        try:
            json.dumps(value, allow_nan=False).encode()
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"it holds what JSON cannot: {error}") from None
        return value

    @model_validator(mode="after")
    def _check_effects(self) -> "Annotate":
        if self.teacher != "lead" and not self.model:
            raise ValueError(f"teacher: {self.teacher} needs annotate.model")
        ignored = WITHOUT_EFFECT[self.teacher]
        for key, field in type(self).model_fields.items():
            if key in ignored and getattr(self, key) != field.get_default():
                raise ValueError(f"{key} has no effect with teacher: {self.teacher}")
        if self.choose == "consensus" and self.candidates < 3:
            raise ValueError("choose: consensus needs candidates of 3 or more")
        if self.budget.money and not self.price:
            raise ValueError("budget.money needs annotate.price")
        return self

    @model_validator(mode="after")
    def _check_ranges(self) -> "Annotate":
        if self.teacher == "local" and None in (self.temperature, self.top_p, self.seed):
            raise ValueError("temperature, top_p and seed are needed with teacher: local")
        wrong = self.prompt and template_error(self.prompt, TEACHER_PLACEHOLDERS)
        if wrong:
            raise ValueError(f"prompt: {wrong}")
        if self.max_words and self.min_words > self.max_words:
            raise ValueError("min_words is more than max_words")
        if self.context_window and self.context_window <= self.max_new_tokens:
            raise ValueError(
                "context_window leaves no room for a prompt in addition to max_new_tokens"
            )
        return self
