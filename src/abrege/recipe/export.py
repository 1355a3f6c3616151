"""The settings of export: what becomes of a tuned model outside abrege."""

from typing import Literal

from pydantic import Field
from pydantic import PositiveInt as AtLeastOne

from abrege.recipe.settings import Settings


class Export(Settings):
    """How an adapter is merged into its base, and how the result is checked."""

    base: Literal["trained", "original"] = Field(
        "trained",
        description="what the adapter is merged into: the weights it was trained over (for qlora "
        "the 4-bit ones, unpacked), or those before packing",
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="how merged weights are stored; auto is what tuning computed in"
    )
    check_rows: AtLeastOne = Field(
        32, description="test rows that adapter and merged model both summarise, to compare them"
    )
    equal_texts: float = Field(
        0.9, ge=0, le=1, description="smallest share of equal summaries; below it, exit 5"
    )
