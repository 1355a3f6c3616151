"""The settings of export: how a tuned model is merged and checked for use outside abrege."""

from typing import Literal

from pydantic import Field, PositiveInt

from abrege.recipe.settings import Settings


class Export(Settings):
    """How an adapter is merged into its base, and how the result is checked."""

    base: Literal["trained", "original"] = Field(
        "trained",
        description="what the adapter is merged into: the weights used in training (for qlora, "
        "dequantized), or the originals before quantization",
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="dtype of the merged weights; auto is the dtype of tuning"
    )
    check_rows: PositiveInt = Field(
        32,
        description="number of test rows that both the adapter and the merged model summarize, "
        "as a "
        "check",
    )
    min_identical: float = Field(
        0.9,
        ge=0,
        le=1,
        description="smallest share of identical summaries; below it, the exit code is 5",
    )
