import pytest

from abrege.core.io import write_json, write_jsonl
from abrege.core.run_folder import MANIFEST
from abrege.pipeline.task import Piece, start


def a_piece(folder, stage, settings):
    return Piece(stage, folder / stage / MANIFEST, {"settings": settings}, (), dict)


@pytest.mark.parametrize(("stage", "stays"), [("annotate", True), ("split", False)])
def test_what_people_decided_outlives_a_changed_setting_of_annotate(tmp_path, stage, stays):
    start(a_piece(tmp_path, stage, {"temperature": 0.2}))
    write_json(tmp_path / stage / MANIFEST, {})
    write_jsonl(tmp_path / stage / "decisions.jsonl", [{"id": "r1"}])
    start(a_piece(tmp_path, stage, {"temperature": 0.7}))
    assert not (tmp_path / stage / MANIFEST).exists()
    assert (tmp_path / stage / "decisions.jsonl").exists() == stays
