import pytest

from abrege.text.dates import DateParts, find_dates, supports_date


def read(text, lang):
    """Return the readings of the one date of a text."""
    [date] = find_dates(text, lang)
    return list(date.readings)


TWELFTH = DateParts(2024, 3, 12)


@pytest.mark.parametrize(
    "text",
    [
        "12 March 2024",
        "12th of March, 2024",
        "March 12, 2024",
        "March 12th 2024",
        "Mar. 12, 2024",
        "the twelfth of March 2024",
        "2024-03-12",
    ],
)
def test_an_english_date_has_its_parts(text):
    assert read(text, "en") == [TWELFTH]


@pytest.mark.parametrize("text", ["le 12 mars 2024", "12/03/2024", "12.03.24", "2024-03-12"])
def test_a_french_date_has_its_parts(text):
    assert read(text, "fr") == [TWELFTH]


def test_a_date_of_figures_is_ambiguous_in_english_only():
    assert read("12/03/2024", "en") == [TWELFTH, DateParts(2024, 12, 3)]
    assert read("25/03/2024", "en") == [DateParts(2024, 3, 25)]  # there is no 25th month
    assert read("03/25/2024", "en") == [DateParts(2024, 3, 25)]


def test_a_date_may_leave_parts_out():
    assert read("1er mai", "fr") == [DateParts(month=5, day=1)]
    assert read("en mars 2024", "fr") == [DateParts(2024, 3)]
    assert read("août", "fr") == [DateParts(month=8)]
    assert read("in May", "en") == [DateParts(month=5)]
    assert read("vendredi 3", "fr") == [DateParts(day=3, weekday=5)]
    assert read("Sunday", "en") == [DateParts(weekday=7)]


def test_a_weekday_belongs_to_its_date():
    assert read("Tuesday, 12 March", "en") == [DateParts(month=3, day=12, weekday=2)]
    assert read("mardi 12 mars 2024", "fr") == [DateParts(2024, 3, 12, 2)]


def test_a_number_of_things_after_a_weekday_is_no_day():
    assert read("vendredi 13 morts", "fr") == [DateParts(weekday=5)]
    assert read("vendredi 13 h", "fr") == [DateParts(weekday=5)]


def test_both_days_of_a_range_are_read():
    assert read("12 to 15 March", "en") == [DateParts(month=3, day=12), DateParts(month=3, day=15)]
    assert read("du 12 au 15 mars", "fr") == [
        DateParts(month=3, day=12),
        DateParts(month=3, day=15),
    ]


@pytest.mark.parametrize(
    ("text", "lang", "sure"),
    [
        ("in May", "en", True),
        ("since September", "en", True),
        ("it may", "en", False),
        ("April Smith", "en", False),
        ("en mars", "fr", True),
        ("sur Mars", "fr", False),
        ("Oct", "en", False),
    ],
)
def test_a_month_that_may_be_another_word_is_not_sure(text, lang, sure):
    assert [date.sure for date in find_dates(text, lang)] == [sure]


def test_what_is_no_date_is_left():
    assert find_dates("3.14.15.92, 24/7, 2024-99-12, 1/2", "en") == []


def test_dates_of_other_languages_are_not_read():
    assert find_dates("12 March 2024, 12 mars 2024, 2024-03-12", "de") == []
    assert find_dates("12 March 2024", None) == []


def test_more_detail_supports_less_and_not_the_other_way():
    assert supports_date([TWELFTH], DateParts(month=3), elsewhere=[])
    assert supports_date([TWELFTH], DateParts(2024, 3), elsewhere=[])
    assert supports_date([DateParts(month=5, day=3)], DateParts(day=3, weekday=5), elsewhere=[])
    assert not supports_date([DateParts(2024, 3)], TWELFTH, elsewhere=[])


def test_a_different_part_is_no_support():
    for other in (DateParts(2023, 3, 12), DateParts(2024, 4, 12), DateParts(2024, 3, 13)):
        assert not supports_date([other], TWELFTH, elsewhere=[2024, 12])


def test_parts_are_not_gathered_from_two_dates():
    assert not supports_date([DateParts(2024, 3, 1), DateParts(2024, 5, 12)], TWELFTH, elsewhere=[])


def test_a_year_left_out_may_be_elsewhere_in_the_document():
    assert supports_date([DateParts(month=3, day=12)], TWELFTH, elsewhere=[2024])
    assert not supports_date([DateParts(month=3, day=12)], TWELFTH, elsewhere=[2023])


def test_a_weekday_counts_only_without_other_parts():
    assert supports_date(
        [DateParts(month=3, day=12)], DateParts(month=3, day=12, weekday=2), elsewhere=[]
    )
    assert not supports_date([DateParts(month=3, day=12)], DateParts(weekday=2), elsewhere=[])
    assert supports_date(
        [DateParts(month=3, day=12, weekday=2)], DateParts(weekday=2), elsewhere=[]
    )
