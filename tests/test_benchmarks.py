"""The benchmarks, which no other test runs, import names that exist."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def imported_names():
    """Return each module and name of abrege that a benchmark imports, also inside functions."""
    return sorted(
        {
            (node.module, alias.name)
            for path in BENCHMARKS.glob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("abrege")
            for alias in node.names
        }
    )


@pytest.mark.parametrize(("module", "name"), imported_names())
def test_what_a_benchmark_imports_exists(module, name):
    assert hasattr(import_module(module), name) or import_module(f"{module}.{name}")
