import pytest

from abrege.doctor.unfinished import Ending, classify_ending, find_unfinished


@pytest.mark.parametrize(
    ("lang", "summary", "ending"),
    [
        ("en", "The bridge closes for two years.", Ending.CLOSED),
        ("fr", "Il a dit : « Le pont ferme ! »", Ending.CLOSED),
        ("en", "Why does it close?", Ending.CLOSED),
        ("en", "It closes, they say, for good…", Ending.CLOSED),
        ("zh", "桥将关闭两年。", Ending.CLOSED),
        ("en", "The bridge closes for two years", Ending.OPEN),
        ("en", "Bridge shut", Ending.NOT_JUDGED),
        ("en", "The bridge closes because the", Ending.DANGLING),
        ("fr", "Le pont ferme à cause de", Ending.DANGLING),
        ("fr", "Le pont ferme à cause de l'", Ending.DANGLING),
        ("en", "The bridge closes,", Ending.DANGLING),
        ("en", "The day that he goes for gold or", Ending.DANGLING),
        ("fr", "Le jour où il gagne une médaille en or", Ending.OPEN),
        (None, "The bridge closes because of the", Ending.OPEN),
        (None, "The bridge closes for years,", Ending.DANGLING),
        ("fr", "Le nombre de cas a doublé en un an", Ending.OPEN),
    ],
)
def test_the_end_of_a_summary_is_classified(lang, summary, ending):
    assert classify_ending(summary, lang) == ending


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
