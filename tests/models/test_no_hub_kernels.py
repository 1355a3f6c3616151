"""Importing bitsandbytes."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.model

pytest.importorskip("bitsandbytes")

FAKE = "asked = []\ndef get_kernel(name, **_):\n    asked.append(name)\n    raise OSError(name)\n"


def test_importing_bitsandbytes_downloads_no_kernel_and_prints_nothing(tmp_path):
    (tmp_path / "kernels.py").write_text(FAKE)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import abrege.models, kernels\n"
        "print({'torch', 'bitsandbytes'} & set(sys.modules))\n"
        "import bitsandbytes.backends.cpu.ops\n"
        "print(kernels.asked, sys.modules['kernels'] is kernels)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n[] True\n", "")
