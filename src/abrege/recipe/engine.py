"""The settings of the engine: which machines share the work. No result depends on them."""

from typing import Literal

from pydantic import Field, model_validator
from pydantic import PositiveInt as AtLeastOne

from abrege.recipe.settings import Settings


class Engine(Settings):
    """What cleans, annotates with a local model, and decodes."""

    name: Literal["here", "ray"] = Field(
        "here",
        description="this machine; or ray, which is Ray Data on a cluster or on this machine",
    )
    address: str | None = Field(
        None, description="of a running Ray cluster, or auto; Ray is started here where left out"
    )
    workers: AtLeastOne | None = Field(
        None, description="how many at a time; one for each core, or share of a GPU, if left out"
    )
    gpus: float = Field(0.0, ge=0, description="of each worker that holds a model")

    @model_validator(mode="after")
    def _needed(self) -> "Engine":
        if self.name == "here" and (self.address or self.workers or self.gpus):
            raise ValueError("address, workers and gpus have no effect without name: ray")
        if self.address and self.address.startswith("ray://"):
            raise ValueError("address: give host:port or auto; Ray's client is not used")
        return self
