import pytest

from abrege.stress.cases import StressCase, make_cases
from abrege.stress.rules import RuledOut, StatedValue, TaskAssignment
from abrege.stress.verdict import judge
from abrege.text.sentences import first_sentences

COPYABLE = {"very-short", "empty"}


def a_case(*rules, lang="en", document="A short text."):
    return StressCase("en/x/00", "x", lang, document, "", rules, (), ())


def outcome(rule, summary, lang="en"):
    return judge(a_case(rule, lang=lang), summary).outcome


WEDNESDAY = StatedValue("Wednesday", "day", ("Monday", "Tuesday"))
MERCREDI = StatedValue("mercredi", "day", ("lundi", "mardi"))


@pytest.mark.parametrize(
    "summary",
    [
        "It will be held Wed.",
        "The meeting is not on Monday but on Wednesday.",
        "The meeting, originally planned for Monday, takes place on Wednesday.",
        "They meet on Wednesday rather than Monday or Tuesday.",
        "Monday's meeting has been put off until Wednesday.",
        "The meeting was planned for Monday. It will now be on Wednesday.",
        "They agree on Wednesday because Monday and Tuesday don't work.",
        "After changing their minds twice (Monday, then Tuesday), they settle on Wednesday.",
        "Monday -> Wednesday.",
        "Don't forget the meeting on Wednesday!",
    ],
)
def test_a_final_value_passes_in_many_wordings(summary):
    assert outcome(WEDNESDAY, summary) == "passed"


@pytest.mark.parametrize(
    "summary",
    [
        "The meeting is on Monday.",
        "The meeting was moved from Wednesday to Monday.",
        "The meeting is on Tuesday instead of Monday.",
        "The meeting is on Monday, not Wednesday.",
        "The meeting is on Monday and Wednesday.",
        "It is no longer on Wednesday but on Monday.",
        "They meet on Tuesday since Monday is impossible.",
        "The meeting will be on Friday.",
    ],
)
def test_a_value_that_was_corrected_is_wrong_in_many_wordings(summary):
    assert outcome(WEDNESDAY, summary) == "wrong"


@pytest.mark.parametrize(
    "summary",
    [
        "La réunion aura lieu mer. prochain.",
        "Ce ne sera pas lundi mais mercredi.",
        "La réunion, d'abord fixée à lundi puis à mardi, se tiendra mercredi.",
        "La réunion du lundi est décalée au mercredi.",
        "Lundi et mardi étant impossibles, ils se verront mercredi.",
        "Ni lundi ni mardi ne convient : ce sera mercredi.",
        "La réunion devait se tenir lundi ; elle aura lieu mercredi.",
        "N'oubliez pas la réunion de mercredi !",
    ],
)
def test_a_final_value_passes_in_many_french_wordings(summary):
    assert outcome(MERCREDI, summary, "fr") == "passed"


@pytest.mark.parametrize(
    "summary",
    [
        "La réunion est lundi.",
        "La réunion passe de lundi à mardi.",
        "Rendez-vous lundi au lieu de mercredi.",
        "La réunion n'est plus mercredi mais lundi.",
        "La réunion a été avancée de mercredi à lundi.",
        "Ils se verront vendredi.",
    ],
)
def test_a_value_that_was_corrected_is_wrong_in_many_french_wordings(summary):
    assert outcome(MERCREDI, summary, "fr") == "wrong"


def test_a_fact_left_out_is_not_the_same_as_a_false_one():
    assert judge(a_case(WEDNESDAY), "There will be a meeting.").reason == "does not say Wednesday"
    assert outcome(WEDNESDAY, "There will be a meeting.") == "omitted"
    reason = judge(a_case(WEDNESDAY), "It is on Tuesday.").reason
    assert reason == "says Tuesday, where it is Wednesday"


@pytest.mark.parametrize(
    "hour",
    ["3 p.m.", "3pm", "3:00 pm", "15:00", "15h", "three o'clock", "three in the afternoon", "3"],
)
def test_an_hour_is_the_same_however_it_is_written(hour):
    rule = StatedValue("3 pm", "hour", ("5 pm",))
    assert outcome(rule, f"The shop opens at {hour}.") == "passed"
    assert outcome(rule, f"The shop opens at {hour} instead of five.") == "passed"


@pytest.mark.parametrize("hour", ["five", "17:00", "5 instead of 3", "3:30 pm", "half past three"])
def test_another_hour_is_wrong(hour):
    assert outcome(StatedValue("3 pm", "hour", ("5 pm",)), f"The shop opens at {hour}.") == "wrong"


@pytest.mark.parametrize(
    "hour",
    ["15 h", "15h", "15h00", "15 h 00", "15:00", "quinze heures", "trois heures de l'après-midi"],
)
def test_an_hour_is_the_same_however_it_is_written_in_french(hour):
    rule = StatedValue("15\u00a0h", "hour", ("17\u00a0h",))
    assert outcome(rule, f"Le car part à {hour}.", "fr") == "passed"
    assert outcome(rule, f"Le car part à {hour} et non à dix-sept heures.", "fr") == "passed"


def test_an_amount_is_the_same_in_figures_and_in_words():
    rule = StatedValue("20 €", "number", ("30 €",))
    for amount in ("20 euros", "€20", "twenty euros"):
        assert outcome(rule, f"It costs {amount}.") == "passed"
    assert outcome(rule, "Il coûte vingt euros.", "fr") == "passed"
    assert outcome(rule, "Le prix baisse de 30 à 20 euros.", "fr") == "passed"
    assert outcome(rule, "Le prix passe de 20 à 30 euros.", "fr") == "wrong"
    assert outcome(rule, "The price rose from 20 to 30 euros.") == "wrong"


TASKS = TaskAssignment((("Anna", "cake"), ("Bob", "chair")))


@pytest.mark.parametrize(
    "summary",
    [
        "Anna brings the cake and Bob the chairs.",
        "The cake is baked by Anna, the chairs come from Bob.",
        "- Anna: cake\n- Bob: chairs",
        "Anna asks Bob to bring the chairs and will bake a cake herself.",
        "While Bob brings the chairs, Anna bakes the cake.",
        "Anna, not Bob, brings the cake; Bob brings the chairs.",
        "Anna will help. She bakes a cake. Bob brings chairs.",
        "Bob was to bake the cake, but now Anna bakes the cake and Bob brings chairs.",
    ],
)
def test_tasks_are_assigned_to_their_people_in_many_wordings(summary):
    assert outcome(TASKS, summary) == "passed"


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("Bob brings the cake and Anna the chairs.", "wrong"),
        ("Anna brings the cake and the chairs.", "wrong"),
        ("Anna and Bob bring the cake and the chairs.", "wrong"),
        ("Anna brings the cake.", "omitted"),
        ("Somebody brings a cake and chairs.", "omitted"),
    ],
)
def test_a_task_assigned_to_another_is_wrong_and_to_nobody_omitted(summary, expected):
    assert outcome(TASKS, summary) == expected


PICNIC = RuledOut("picnic", ("concert",))
LOTO = RuledOut("loto", ("brocante",))


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("The picnic is cancelled but the concert takes place.", "passed"),
        ("The concert is not cancelled, but the picnic is off.", "passed"),
        ("There will be no picnic, only a concert.", "passed"),
        ("They cancelled the picnic.", "passed"),
        ("The picnic was planned for Saturday. It has been called off.", "passed"),
        ("The concert is cancelled but the picnic takes place.", "wrong"),
        ("Both the picnic and the concert have been cancelled.", "wrong"),
        ("The picnic is cancelled. The concert is cancelled too.", "wrong"),
        ("There will be a picnic and a concert.", "wrong"),
        ("There will be a concert.", "omitted"),
    ],
)
def test_only_what_is_called_off_is_called_off(summary, expected):
    assert outcome(PICNIC, summary) == expected


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("Le loto n'aura pas lieu.", "passed"),
        ("Il n'y aura plus de loto.", "passed"),
        ("La brocante est maintenue, le loto est annulé.", "passed"),
        ("La mairie annule le loto.", "passed"),
        ("La brocante est annulée et le loto a lieu.", "wrong"),
        ("Il y aura un loto et une brocante.", "wrong"),
        ("Il y aura une brocante.", "omitted"),
    ],
)
def test_only_what_is_called_off_is_called_off_in_french(summary, expected):
    assert outcome(LOTO, summary, "fr") == expected


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_an_empty_summary_is_omitted_but_right_for_an_empty_text(lang):
    for case in make_cases(lang, per_kind=4):
        expected = "passed" if case.kind == "empty" else "omitted"
        assert judge(case, " … ").outcome == expected, case.id


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_copy_of_the_whole_text_passes_only_where_there_is_nothing_to_cut(lang):
    for case in make_cases(lang, per_kind=4):
        verdict = judge(case, case.document)
        assert (verdict.outcome == "passed") == (case.kind in COPYABLE), case.id
        if case.kind not in COPYABLE:
            assert verdict.outcome == "wrong"
            assert verdict.reason.startswith("is nearly as long as the text")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_first_sentence_fails_in_most_cases(lang):
    cases = [case for case in make_cases(lang) if case.kind not in COPYABLE]
    passed = [
        case.kind
        for case in cases
        if judge(case, first_sentences(case.document, words=1, lang=lang)).outcome == "passed"
    ]
    assert len(passed) < 0.15 * len(cases)
    assert not {"corrected-once", "corrected-twice", "cancelled", "negation"} & {*passed}


def test_an_inverted_copy_below_the_limit_is_judged_by_what_it_says():
    document = "The meeting is on Monday. " + "Bring a chair. " * 20 + "No, it is on Wednesday."
    cut = "The meeting is on Monday. " + "Bring a chair. " * 8
    case = a_case(WEDNESDAY, document=document)
    assert judge(case, cut).reason == "says Monday, where it is Wednesday"
