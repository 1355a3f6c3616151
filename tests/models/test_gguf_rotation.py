"""Stretched positions of a .gguf, which transformers 5.24 drops: refused, not another model."""

import numpy as np
import pytest
from gguf import GGUFWriter

from abrege.core.errors import SetupError
from abrege.models.resolve import check_rotation


def write(path, *, scaling=None, factors=False):
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(64)
    if scaling:
        writer.add_string("llama.rope.scaling.type", scaling)
    name = "rope_freqs.weight" if factors else "token_embd.weight"
    writer.add_tensor(name, np.ones(8, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("values", [{"scaling": "linear"}, {"scaling": "yarn"}, {"factors": True}])
def test_a_gguf_with_stretched_positions_is_refused(tmp_path, values):
    with pytest.raises(SetupError, match="stretches its positions"):
        check_rotation(write(tmp_path / "m.gguf", **values))


@pytest.mark.parametrize("values", [{}, {"scaling": "none"}])
def test_a_gguf_with_plain_positions_is_not(tmp_path, values):
    check_rotation(write(tmp_path / "m.gguf", **values))


def test_a_damaged_gguf_is_one_message(tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"not a model" * 9)
    with pytest.raises(SetupError, match="damaged or of another version"):
        check_rotation(tmp_path / "m.gguf")
