"""The names that people give to splits."""

SPLIT_NAMES = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test",),
}


def split_of(name: str) -> str | None:
    """Return the split that a name stands for: valid for dev; None for any other name."""
    return next((split for split, names in SPLIT_NAMES.items() if name in names), None)
