from abrege.metrics.baselines import cut, lead

ARTICLE = "Il fait chaud. C'est l'été à Québec. Les gens sortent."


def test_lead_is_the_first_sentences_as_long_as_asked():
    assert lead(ARTICLE, words=8, lang="fr") == "Il fait chaud. C'est l'été à Québec."


def test_a_cut_summary_is_never_cut_inside_its_first_sentence():
    assert cut(ARTICLE, words=1, lang="fr") == "Il fait chaud."


def test_a_short_summary_is_left_as_it_is():
    assert cut(ARTICLE, words=100, lang="fr") == ARTICLE


def test_an_empty_summary_stays_empty():
    assert cut("", words=10) == ""
