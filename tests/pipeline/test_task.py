import pytest

from abrege.core import io as store
from abrege.pipeline.task import Piece, start


def a_piece(folder, stage, settings):
    return Piece(stage, folder / stage / store.MANIFEST, {"settings": settings}, (), dict)


@pytest.mark.parametrize(("stage", "stays"), [("annotate", True), ("split", False)])
def test_what_people_decided_outlives_a_changed_setting_of_annotate(tmp_path, stage, stays):
    start(a_piece(tmp_path, stage, {"temperature": 0.2}))
    store.write_json(tmp_path / stage / store.MANIFEST, {})
    store.write(tmp_path / stage / "decisions.jsonl", [{"id": "r1"}])
    start(a_piece(tmp_path, stage, {"temperature": 0.7}))
    assert not (tmp_path / stage / store.MANIFEST).exists()
    assert (tmp_path / stage / "decisions.jsonl").exists() == stays
