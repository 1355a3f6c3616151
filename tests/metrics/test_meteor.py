"""Expected values from NLTK's own METEOR, and its documentation's worked example."""

from pathlib import Path

import pytest
from nltk.stem.porter import PorterStemmer
from nltk.translate import meteor_score as theirs

from abrege.core.errors import RecipeError, SetupError
from abrege.metrics.meteor import Meteor
from abrege.text import wordnet

GUIDE = (
    "It is a guide to action which ensures that the military always obeys the commands of the party"
)
HUMAN = (
    "It is a guide to action that ensures that the military will forever heed Party commands",
    "It is the guiding principle which guarantees the military forces always being under the "
    "command of the Party",
)
LICENCE = "  1 This software is WordNet 3.0 made by hand  \n"
NOUNS = {"car": ("car", "auto", "motor_car"), "auto": ("car", "auto", "motor_car")}


@pytest.fixture
def a_wordnet(tmp_path):
    """A WordNet with the one synset car, auto, motor_car, in the form of its files."""
    head = LICENCE * 29
    line = f"{len(head):08} 06 n 03 car 0 auto 0 motor_car 0 000 | a motor vehicle  \n"
    files = dict.fromkeys(("index.adj", "index.adv", "index.verb", "index.noun"), head)
    files |= {f"data.{part}": head for part in ("adj", "adv", "verb")} | {"data.noun": head + line}
    files |= {f"{part}.exc": "" for part in ("adj", "adv", "verb", "noun")}
    for lemma in ("auto", "car", "motor_car"):
        files["index.noun"] += f"{lemma} n 1 0 1 0 {len(head):08}  \n"
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_worked_example_of_nltks_documentation():
    # NLTK 3.10.4, single_meteor_score: 0.6944 with WordNet, of which this pair needs no synonym
    assert Meteor(lang="en", folder=None).score(GUIDE, [HUMAN[0]]) == pytest.approx(
        0.6944, abs=1e-4
    )


def test_without_synonyms_the_values_are_nltks_with_a_wordnet_that_knows_no_word():
    class Empty:
        def synsets(self, word):
            return []

    ours = Meteor(lang="en", folder=None)
    for reference in HUMAN:
        expected = theirs.single_meteor_score(
            reference.split(), GUIDE.split(), stemmer=PorterStemmer(), wordnet=Empty()
        )
        assert ours.score(GUIDE, [reference]) == expected > 0
    assert ours.score(GUIDE, HUMAN) == max(ours.score(GUIDE, [r]) for r in HUMAN)


def test_synonyms_match_in_english_where_a_wordnet_is_at_hand(a_wordnet):
    with_synonyms = Meteor(lang="en", folder=a_wordnet)
    assert with_synonyms.score("the red auto", ["the red car"]) == Meteor(
        lang="en", folder=None
    ).score("the red car", ["the red car"])
    assert Meteor(lang="en", folder=None).score("the red auto", ["the red car"]) < 0.7
    assert "|synonyms:wordnet-3.0|" in with_synonyms.signature()


def test_french_matches_by_its_own_stems_and_never_by_english_synonyms(a_wordnet):
    french = Meteor(lang="fr", folder=a_wordnet)
    assert french.score("elles continuaient", ["elles continuait"]) > 0.9
    assert french.score("car", ["auto"]) == 0.0
    assert "|stem:snowball-french-" in french.signature()
    assert "|synonyms:no|" in french.signature()


def test_nothing_in_common_and_nothing_at_all_score_0():
    assert Meteor(lang="en", folder=None).score("a b", ["c d"]) == 0.0
    assert Meteor(lang="en", folder=None).score("", ["c d"]) == 0.0


def test_a_language_without_stemmer_is_refused():
    with pytest.raises(RecipeError, match="there is no stemmer for 'vi'"):
        Meteor(lang="vi", folder=None)


def test_a_folder_without_wordnet_is_refused(tmp_path):
    with pytest.raises(SetupError, match=r"no WordNet here: index.noun is missing"):
        wordnet.find_wordnet(tmp_path)


def test_the_folder_of_nltks_data_is_found(a_wordnet, tmp_path, monkeypatch):
    data = tmp_path / "nltk"
    (data / "corpora").mkdir(parents=True)
    (data / "corpora/wordnet").symlink_to(a_wordnet)
    monkeypatch.setenv("NLTK_DATA", str(data))
    assert wordnet.find_wordnet() == data / "corpora/wordnet"
    monkeypatch.setattr(wordnet, "_default_folders", lambda: [Path("/nowhere")])
    assert wordnet.find_wordnet() is None
