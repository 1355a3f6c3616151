from abrege.evaluation import baselines
from abrege.evaluation.baselines import lead, truncate_summary
from abrege.metrics import rouge

ARTICLE = "Il fait chaud. C'est l'été à Québec. Les gens sortent."


def test_lead_is_the_first_sentences_of_the_requested_length():
    assert lead(ARTICLE, words=8, lang="fr") == "Il fait chaud. C'est l'été à Québec."


def test_a_cut_summary_is_never_cut_inside_its_first_sentence():
    assert truncate_summary(ARTICLE, words=1, lang="fr") == "Il fait chaud."


def test_a_short_summary_is_left_as_it_is():
    assert truncate_summary(ARTICLE, words=100, lang="fr") == ARTICLE


def test_an_empty_summary_stays_empty():
    assert truncate_summary("", words=10) == ""


def test_a_seed_takes_the_same_sentence_and_all_sentences_are_taken_in_turn():
    text = "One is here. Two is there. Three is gone."
    taken = {baselines.random_sentence(text, seed=str(n), lang="en") for n in range(30)}
    assert taken == {"One is here.", "Two is there.", "Three is gone."}
    again = [baselines.random_sentence(text, seed="7", lang="en") for _ in range(3)]
    assert len({*again}) == 1
    assert baselines.random_sentence("", seed="7") == ""


def test_the_oracle_takes_the_sentences_that_add_up_to_the_reference():
    text = "It rained all day. The cat slept on the bed. Nobody came. The dog ate the cake."
    reference = "The dog ate the cake while the cat slept on the bed"
    summary = baselines.oracle(text, [reference], lang="en")
    assert summary == "The cat slept on the bed. The dog ate the cake."


def test_the_oracle_is_at_least_as_good_as_any_one_sentence():
    text = "The mayor spoke for an hour. The council of the town voted. The town has a new park."
    reference = "The council of the town has a new mayor"

    def value(summary):
        return rouge.score(summary, [reference], lang="en")["rouge2"].fmeasure

    best = value(baselines.oracle(text, [reference], lang="en"))
    assert best >= max(value(s) for s in text.split(". "))


def test_the_oracle_without_a_pair_in_common_goes_by_single_words():
    assert baselines.oracle("No way. Big cat.", ["the cat is big"], lang="en") == "Big cat."
    assert baselines.oracle("", ["the cat"], lang="en") == ""
