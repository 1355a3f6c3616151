from abrege.core.io import read_jsonl
from abrege.core.types import Pair
from abrege.inference import log_likelihood
from abrege.stages import generate


class Scorer:
    """Has room for references of one word, and finds each token one nat likely."""

    name, rendering = "tuned", "prompt:x"

    def fits(self, pair):
        return all(len(reference.split()) == 1 for reference in pair.references)

    def score(self, pairs):
        return ((1.0, 1) for _ in pairs)


def test_rows_whose_references_do_not_fit_are_left_out_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(log_likelihood, "scorer_of_model", lambda *_: Scorer())
    texts = ["short", "much too long", "short"]
    pairs = [Pair(id=f"r{n}", document="d", references=[t]) for n, t in enumerate(texts)]
    events = []
    found = generate.likelihood(
        None, None, "tuned", pairs, tmp_path, whole=False, on_event=events.append
    )
    assert found == ({"name": "tuned", "rendering": "prompt:x|left-out:1"}, 1)
    rows = list(read_jsonl(tmp_path / "generate/tuned.likelihood.jsonl", dict))
    assert [row["id"] for row in rows] == ["r0", "r2"]
    assert [(e.done, e.total) for e in events] == [(0, 2), (1, 2), (2, 2)]
