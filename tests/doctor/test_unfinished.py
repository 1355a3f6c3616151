import pytest

from abrege.doctor.unfinished import Ending, classify_ending, find_unfinished


@pytest.mark.parametrize(
    ("summary", "ending"),
    [
        ("The bridge closes for two years.", Ending.CLOSED),
        ("Il a dit : « Le pont ferme ! »", Ending.CLOSED),
        ("Why does it close?", Ending.CLOSED),
        ("It closes, they say, for good…", Ending.CLOSED),
        ("桥将关闭两年。", Ending.CLOSED),
        ("The bridge closes for two years", Ending.OPEN),
        ("Bridge shut", Ending.NOT_JUDGED),
        ("The bridge closes because the", Ending.DANGLING),
        ("Le pont ferme à cause de", Ending.DANGLING),
        ("Le pont ferme à cause de l'", Ending.DANGLING),
        ("The bridge closes,", Ending.DANGLING),
        ("Le nombre de cas a doublé en un an", Ending.OPEN),
    ],
)
def test_the_end_of_a_summary_is_classified(summary, ending):
    assert classify_ending(summary) == ending


def test_a_summary_without_a_full_stop_is_unfinished_where_nine_in_ten_have_one():
    flags = find_unfinished(bytes([Ending.CLOSED] * 9 + [Ending.OPEN]))
    assert {row: flag.reason for row, flag in flags.items()} == {
        9: "no full stop, which 90.0% of summaries have"
    }
    assert find_unfinished(bytes([Ending.CLOSED] * 8 + [Ending.OPEN])) == {}


def test_a_dangling_word_is_unfinished_in_any_data():
    endings = bytes([Ending.OPEN, Ending.DANGLING, Ending.NOT_JUDGED, Ending.OPEN])
    assert {row: flag.reason for row, flag in find_unfinished(endings).items()} == {
        1: "ends where a word must follow"
    }
    assert find_unfinished(b"") == {}
