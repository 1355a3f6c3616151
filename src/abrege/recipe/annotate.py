"""The settings of annotate: who writes the summaries that the student learns from."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic import NonNegativeFloat as AtLeastZero
from pydantic import PositiveInt as AtLeastOne

from abrege.prompts import teacher_prompts as prompts
from abrege.recipe.settings import Settings

Share = Annotated[float, Field(gt=0, le=1)]
WITHOUT_EFFECT = {
    "server": {"quantization"},
    "local": {"base_url", "timeout_seconds", "price"},
    "lead": {
        *("model", "base_url", "quantization", "prompt", "system", "temperature", "top_p", "seed"),
        *("max_new_tokens", "max_tokens", "timeout_seconds", "workers", "attempts", "candidates"),
        *("choose", "copied_lead", "budget", "price", "sweep"),
    },
}
"""What a teacher takes no notice of."""


class Price(Settings):
    """What a server asks for, in any currency."""

    prompt: AtLeastZero = Field(description="of a million prompt tokens")
    completion: AtLeastZero = Field(description="of a million tokens written")


class Budget(Settings):
    """Where annotation stops asking; what is done is kept."""

    requests: AtLeastOne | None = Field(None, description="most requests")
    tokens: AtLeastOne | None = Field(None, description="most tokens, prompts and answers")
    money: float | None = Field(None, gt=0, description="most money, by annotate.price")


class Sweep(Settings):
    """A small grid of decodings tried on a few documents, before one is chosen."""

    temperature: list[AtLeastZero] = Field([0.2, 0.5, 0.7], description="temperatures to try")
    top_p: list[Share] = Field([0.5, 0.7], description="nuclei to try")
    rows: AtLeastOne = Field(20, description="documents to try them on")


class Annotate(Settings):
    """Who writes the summaries, how it is asked, and what is refused of its answers."""

    teacher: Literal["server", "local", "lead"] = Field(
        "lead",
        description="a server that speaks OpenAI's protocol, a model on this machine, or the "
        "document's own introduction, which leaves the document",
    )
    model: str | None = Field(
        None, description="the server's name of the model; or hub id, folder, .gguf or demo part"
    )
    base_url: str | None = Field(
        None, description="where the server is; OPENAI_BASE_URL where left out"
    )
    quantization: Literal["none", "nf4"] = Field(
        "none", description="a local model's weights: as they are, or in 4 bits"
    )
    prompt: str | None = Field(
        None,
        description="the request, with {document}, {title} and {meta.KEY}; one in data.lang where "
        "left out",
    )
    system: str | None = Field(None, description="system message")
    temperature: AtLeastZero | None = Field(
        0.7, description="sampling temperature; 0 is greedy, null leaves it to the server"
    )
    top_p: float | None = Field(
        0.7, gt=0, le=1, description="nucleus; null leaves it to the server"
    )
    max_new_tokens: AtLeastOne = Field(400, description="longest summary in tokens")
    max_tokens: AtLeastOne | None = Field(
        None, description="room of the teacher for prompt and summary; longer documents are cut"
    )
    seed: int | None = Field(
        0,
        description="fixes the sampling, where the teacher heeds it; null for a server that "
        "refuses one",
    )
    timeout_seconds: float = Field(
        300.0, gt=0, description="how long to wait for a server's answer before asking again"
    )
    workers: AtLeastOne = Field(
        8, description="most requests at a time; of a local model, rows of a batch"
    )
    attempts: AtLeastOne = Field(
        3, description="how often a document is asked for until a summary passes the checks"
    )
    candidates: AtLeastOne = Field(
        1, description="summaries to write of each document; one of them is chosen"
    )
    choose: Literal["first", "consensus"] = Field(
        "first",
        description="which: the first that passes the checks, or the one with the most ROUGE-L "
        "to the others",
    )
    min_words: AtLeastOne = Field(10, description="shortest summary, in words")
    max_words: AtLeastOne | None = Field(None, description="longest summary, in words")
    unsupported: Literal["refuse", "allow"] | None = Field(
        None,
        description="summaries with numbers or names that the document does not have; where left "
        "out they are refused of a model, and allowed of an introduction",
    )
    copied_lead: float = Field(
        0.9, gt=0, le=1, description="refuse a summary of which so much is the document's beginning"
    )
    budget: Budget = Field(Budget(), description="where to stop asking")
    price: Price | None = Field(None, description="what the server asks for, to tell the cost")
    sweep: Sweep = Field(Sweep(), description="what abrege annotate --sweep tries")

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "Annotate":
        if self.teacher != "lead" and not self.model:
            raise ValueError(f"teacher: {self.teacher} needs annotate.model")
        without = WITHOUT_EFFECT[self.teacher]
        for key, field in type(self).model_fields.items():
            if key in without and getattr(self, key) != field.default:
                raise ValueError(f"{key} has no effect with teacher: {self.teacher}")
        if self.choose == "consensus" and self.candidates < 3:
            raise ValueError("choose: consensus needs candidates of 3 or more")
        if self.budget.money and not self.price:
            raise ValueError("budget.money needs annotate.price")
        return self

    @model_validator(mode="after")
    def _nothing_impossible(self) -> "Annotate":
        if self.teacher == "local" and None in (self.temperature, self.top_p, self.seed):
            raise ValueError("temperature, top_p and seed are needed with teacher: local")
        wrong = self.prompt and prompts.mistake(self.prompt)
        if wrong:
            raise ValueError(f"prompt: {wrong}")
        if self.max_words and self.min_words > self.max_words:
            raise ValueError("min_words is more than max_words")
        if self.max_tokens and self.max_tokens <= self.max_new_tokens:
            raise ValueError("max_tokens leaves no room for a prompt beside max_new_tokens")
        return self
