"""Warnings of libraries that a user can do nothing about are filtered before the libraries load."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import abrege
from abrege.models import LIBRARY_WARNINGS

pytestmark = pytest.mark.model

PACKAGE = Path(abrege.__file__).parent
IMPORT = re.compile(r"^(?:import|from) (?:torch|transformers|peft|accelerate)\b", re.MULTILINE)
MODULES = sorted(
    "abrege." + ".".join(path.with_suffix("").relative_to(PACKAGE).parts)
    for path in PACKAGE.rglob("*.py")
    if IMPORT.search(path.read_text(encoding="utf-8"))
)
PROGRAM = """
import importlib, sys, warnings

LIBRARIES = ("torch", "transformers", "peft", "accelerate")
unfiltered = []

class Watch:
    def find_spec(self, name, path=None, target=None):
        filtered = {f[1].pattern for f in warnings.filters if f[0] == "ignore" and f[1]}
        if name in LIBRARIES and not filtered.issuperset(sys.argv[2:]):
            unfiltered.append(name)

sys.meta_path.insert(0, Watch())
importlib.import_module(sys.argv[1])
assert {*LIBRARIES} & {*sys.modules}
for message in sys.argv[2:]:
    warnings.warn(message, FutureWarning)
print(unfiltered)
"""


def test_the_packages_that_import_torch_are_found():
    packages = {module.split(".")[1] for module in MODULES}
    assert {"models", "compute", "training", "inference", "export"} <= packages


@pytest.mark.parametrize("package", sorted({module.split(".")[1] for module in MODULES}))
def test_library_warnings_are_filtered_whichever_module_is_imported_first(package):
    module = next(m for m in MODULES if m.split(".")[1] == package)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, module, *LIBRARY_WARNINGS],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
