"""The settings of the engine: which machines share the work. No result depends on them."""

from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from abrege.recipe.settings import Settings


class Engine(Settings):
    """Where documents are cleaned, annotated by a local model, and summarized."""

    name: Literal["local", "ray"] = Field(
        "local",
        description="local: this machine; ray: Ray Data, on a cluster or on this machine",
    )
    address: str | None = Field(
        None,
        description="address of a running Ray cluster, or auto (default: start Ray on this "
        "machine)",
    )
    workers: PositiveInt | None = Field(
        None,
        description="number of concurrent workers (default: one per core, or per share of a GPU)",
    )
    gpus: float = Field(0.0, ge=0, description="number of GPUs per worker that holds a model")

    @model_validator(mode="after")
    def _check_effects(self) -> "Engine":
        if self.name == "local" and (self.address or self.workers or self.gpus):
            raise ValueError("address, workers and gpus have no effect without name: ray")
        if self.address and self.address.startswith("ray://"):
            raise ValueError("address: write host:port or auto; ray:// is not supported")
        return self
