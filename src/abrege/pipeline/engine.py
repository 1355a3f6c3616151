"""Who does work that can be shared: this machine alone, or the workers of a cluster."""

from pathlib import Path

from abrege.pipeline.executors import Pool, on_ray
from abrege.recipe import Recipe


def elsewhere(recipe: Recipe, *, models: bool = True) -> Pool | None:
    """Give the workers that a recipe names; None where this machine does the work by itself.

    models  whether each worker holds a model, and needs the GPU that a recipe gives it
    """
    engine = recipe.engine
    if engine.name == "local":
        return None
    gpus = engine.gpus if models else 0.0
    return on_ray(address=engine.address, workers=engine.workers, gpus=gpus)


def from_anywhere(model: str) -> str:
    """Name a model so that a process in another folder finds it: a path here becomes absolute."""
    path = Path(model).expanduser()
    return str(path.resolve()) if path.exists() else model
