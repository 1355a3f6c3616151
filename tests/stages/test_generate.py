from abrege.core.io import read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.inference import log_likelihood, predict_systems


class Scorer:
    """Has room for references of one word, and finds each token one nat likely."""

    name, prompt_signature = "tuned", "prompt:x"

    def fits(self, pair):
        return all(len(reference.split()) == 1 for reference in pair.references)

    def score(self, pairs):
        return ((1.0, 1) for _ in pairs)


def test_rows_whose_references_do_not_fit_are_left_out_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(log_likelihood, "scorer_of_model", lambda *_: Scorer())
    texts = ["short", "much too long", "short"]
    pairs = [Pair(id=f"r{n}", document="d", references=[t]) for n, t in enumerate(texts)]
    events = []
    run_folder = RunFolder(tmp_path)
    how, skipped = predict_systems.write_likelihood(
        None, None, "tuned", pairs, run_folder, full_text=False, on_event=events.append
    )
    assert how == {"name": "tuned", "rendering": "prompt:x|left-out:1", "skipped": 1}
    assert skipped == 1
    rows = list(read_jsonl(run_folder.likelihood("tuned"), dict))
    assert [row["id"] for row in rows] == ["r0", "r2"]
    assert [(e.done, e.total) for e in events] == [(0, 2), (1, 2), (2, 2)]
