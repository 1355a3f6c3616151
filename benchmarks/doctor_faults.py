"""Plant faults of known kinds in pairs, with an answer key: what doctor_recall.py looks for.

The phrases are those of published data sets and of news sites, not those of the checks' tables:
some of them the checks do not know.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from abrege.core.types import Pair
from abrege.text.sentences import sentence_spans


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    check  the check that should flag the row
    plant  returns the faulty pair, or None where the pair does not allow it; the second pair is
           another one of the data
    """

    check: str
    plant: Callable[[Pair, Pair, random.Random], Pair | None]


@dataclass(frozen=True)
class PlantedRow:
    """A row of the answer key: its split, its pair, and the name of its fault or None."""

    split: str
    pair: Pair
    fault: str | None


FOREIGN = {
    "fr": (
        "Le conseil municipal a décidé mardi soir de fermer le vieux pont pendant deux ans.",
        "Les habitants du quartier craignent que la circulation ne devienne impossible.",
        "Selon les chercheurs, la nouvelle méthode donne de meilleurs résultats que les autres.",
        "Elle lui demande de venir plus tôt demain matin et il accepte avec plaisir.",
        "L'équipe a perdu son dernier match à domicile après une longue série de victoires.",
    ),
    "en": (
        "The town council decided on Tuesday evening to close the old bridge for two years.",
        "People who live nearby fear that traffic in their street will become impossible.",
        "According to the researchers, the new method works better than all the others.",
        "She asks him to come earlier tomorrow morning, and he gladly agrees to do so.",
        "The team lost its last match at home after a long series of wins this season.",
    ),
}
STOCK = (
    "This article has no summary.",
    "Summary not available for this text.",
    "Résumé non disponible pour cet article.",
    "Please see the full text of the article below.",
    "Retrouvez toute l'actualité sur notre site.",
)
CONTROL = ("<|im_end|>", "</s>", "<|endoftext|>", "[INST]", "<start_of_turn>", "<|eot_id|>", "<s>")
PAGE = {
    "en": (
        "LONDON, England (CNN) -- {}",
        "WASHINGTON (AP) — {}",
        "By . Daily Mail Reporter . PUBLISHED: . 12:01 EST, 3 May 2013 . {}",
        "{} Scroll down for video .",
        "{} READ MORE: How the council voted",
        "{} Copyright 2014 The Associated Press. All rights reserved.",
        "Image copyright Getty Images {}",
        "Share this with Email Facebook Messenger {}",
        "{} Story continues below advertisement",
        "{} Sign up for our daily newsletter to get the latest.",
        "{} Click here to see more stories.",
        "{} We use cookies to give you the best experience.",
    ),
    "fr": (
        "PARIS (AFP) - {}",
        "{} Lire aussi : Les maires en colère",
        "Crédit photo : AFP. {}",
        "Publié le 3 mai 2019 à 12h01. {}",
        "{} Inscrivez-vous à notre newsletter.",
        "{} Tous droits réservés.",
        "{} La suite après la publicité",
        "{} À lire également : Les maires en colère",
        "Partager sur Facebook Partager sur Twitter {}",
        "{} Abonnez-vous pour lire la suite de cet article.",
        "{} En poursuivant votre navigation, vous acceptez les cookies.",
        "Mis à jour le 3/05/2019 à 12:01 {}",
    ),
}
PREAMBLES = {
    "en": ("Here is a summary: {}", "Summary: {}", "Sure! Here's a brief summary:\n{}", "**{}**"),
    "fr": ("Voici un résumé : {}", "Résumé : {}", "Voici le résumé du texte :\n{}", "« {} »"),
}
NAMES = ("Kowalczyk", "Szczepański", "Okonkwo", "Vanterpool", "Brzezicki", "Mbeki-Nowak")


def plant_faults(
    pairs: Sequence[Pair], *, lang: str, each: int, generator: random.Random
) -> Iterator[PlantedRow]:
    """Yield all pairs as rows of train or test; of each kind of fault, `each` rows have one.

    Copies of other rows are further rows. A pair has one fault at most.
    """
    waiting = [*pairs]
    generator.shuffle(waiting)
    for name, fault in faults_of(lang).items():
        planted = 0
        while planted < each:
            if len(waiting) < 2:
                raise SystemExit(f"{len(pairs)} pairs are too few for --each {each}")
            pair, donor = waiting.pop(), waiting[-1]
            faulty = fault.plant(pair, donor, generator)
            if faulty is None:
                yield PlantedRow("train", pair, None)
                continue
            planted += 1
            if name in COPIES:
                yield PlantedRow("train", pair, None)
                split = "test" if name.startswith("leaked") else "train"
                yield PlantedRow(split, replace(faulty, id=f"{pair.id} again"), name)
                continue
            yield PlantedRow("train", faulty, name)
            if name == "swapped summaries":
                swapped = replace(waiting.pop(), references=pair.references)
                yield PlantedRow("train", swapped, name)
    for number, pair in enumerate(waiting):
        yield PlantedRow("test" if number % 5 == 0 else "train", pair, None)


COPIES = ("duplicate row", "near-duplicate document", "leaked document", "leaked near-duplicate")


def faults_of(lang: str) -> Mapping[str, Fault]:
    """Return the kinds of fault, by name, for texts in English or French."""

    def wrap(phrases: Mapping[str, Sequence[str]], pair: Pair, rng: random.Random, part: str):
        phrase = rng.choice(phrases[lang])
        if part == "document":
            return replace(pair, document=phrase.format(pair.document))
        return replace(pair, references=[phrase.format(pair.references[0])])

    def foreign(pair: Pair, _: Pair, rng: random.Random) -> Pair:
        sentences = rng.sample(FOREIGN["en" if lang == "fr" else "fr"], 2)
        return replace(pair, references=[" ".join(sentences)])

    return {
        "duplicate row": Fault("duplicate", lambda pair, _, __: pair),
        "near-duplicate document": Fault("near", _change_words),
        "leaked document": Fault("leaks", _other_summary),
        "leaked near-duplicate": Fault("leaks", _change_words),
        "empty summary": Fault("unusable", lambda pair, _, __: replace(pair, references=[""])),
        "cut summary": Fault("unfinished", _cut_summary),
        "foreign summary": Fault("language", foreign),
        "swapped summaries": Fault("mismatch", _swap),
        "swapped columns": Fault("longer", _swap_columns),
        "copied lead": Fault("lead", _copy_lead),
        "copied sentence": Fault("copied", _copy_sentence),
        "boilerplate summary": Fault("boilerplate", _stock),
        "unsupported fact": Fault("unsupported", _invent_fact),
        "control word": Fault("control", _add_control),
        "debris": Fault("debris", _add_debris),
        "words of the page": Fault("page", lambda p, _, rng: wrap(PAGE, p, rng, "document")),
        "wrapped summary": Fault("wrapped", lambda p, _, rng: wrap(PREAMBLES, p, rng, "summary")),
    }


def _change_words(pair: Pair, other: Pair, rng: random.Random) -> Pair | None:
    """Replace a word in a hundred of the document, and change the summary."""
    words = pair.document.split(" ")
    if len(words) < 100:
        return None
    donors = other.document.split(" ")
    for _ in range(len(words) // 100):
        words[rng.randrange(len(words))] = rng.choice(donors)
    return replace(pair, document=" ".join(words), references=[f"{pair.references[0]} Indeed."])


def _other_summary(pair: Pair, _: Pair, __: random.Random) -> Pair:
    return replace(pair, references=[f"{pair.references[0]} Indeed."])


def _cut_summary(pair: Pair, _: Pair, rng: random.Random) -> Pair | None:
    words = pair.references[0].split()
    if len(words) < 8:
        return None
    text = " ".join(words[: rng.randint(len(words) * 2 // 5, len(words) * 4 // 5)])
    return None if text[-1] in ".!?" else replace(pair, references=[text])


def _swap(pair: Pair, other: Pair, _: random.Random) -> Pair:
    return replace(pair, references=other.references)


def _swap_columns(pair: Pair, _: Pair, __: random.Random) -> Pair:
    return replace(pair, document=pair.references[0], references=[pair.document])


def _copy_lead(pair: Pair, _: Pair, __: random.Random) -> Pair:
    count = max(6, len(pair.references[0].split()))
    return replace(pair, references=[" ".join(pair.document.split()[:count])])


def _copy_sentence(pair: Pair, _: Pair, rng: random.Random) -> Pair | None:
    spans = [*sentence_spans(pair.document)]
    sentences = [pair.document[a:b].strip() for a, b in spans[len(spans) // 2 :]]
    long = [sentence for sentence in sentences if len(sentence.split()) >= 6]
    return replace(pair, references=[rng.choice(long)]) if long else None


def _stock(pair: Pair, _: Pair, rng: random.Random) -> Pair:
    return replace(pair, references=[rng.choice(STOCK)])


def _invent_fact(pair: Pair, _: Pair, rng: random.Random) -> Pair | None:
    """Change a number of the summary, or else a name inside a sentence."""
    summary = pair.references[0]
    numbers = [*re.finditer(r"\b\d{1,4}\b", summary)]
    if numbers:
        match = rng.choice(numbers)
        new = str(int(match.group()) + rng.randint(3, 9))
        if new in pair.document:
            return None
    else:
        names = [*re.finditer(r"(?<=\w )[A-Z][a-zà-ÿ]{3,}\b", summary)]
        if not names:
            return None
        match, new = rng.choice(names), rng.choice(NAMES)
    return replace(pair, references=[summary[: match.start()] + new + summary[match.end() :]])


def _add_control(pair: Pair, _: Pair, rng: random.Random) -> Pair:
    word = rng.choice(CONTROL)
    if rng.random() < 0.5:
        return replace(pair, document=_insert(pair.document, word, rng))
    return replace(pair, references=[f"{pair.references[0]}{word}"])


def _add_debris(pair: Pair, _: Pair, rng: random.Random) -> Pair:
    """Damage the document as a conversion would."""
    text = pair.document
    kind = rng.randrange(7)
    if kind == 0:
        quoted = text.replace("'", "’").replace('"', "“")
        quoted = quoted if not quoted.isascii() else _insert(quoted, "café’s", rng)
        text = quoted.encode().decode("cp1252", errors="replace").replace("\ufffd", "")
    elif kind == 1:
        text = _insert(text, rng.choice(["&amp;amp;", "&amp;nbsp;", "&amp;quot;", "&nbsp;"]), rng)
    elif kind == 2:
        text = "".join(f"<p>{part}</p>" for part in text.split("\n"))
    elif kind == 3:
        text = _insert(text, "NEWLINE_CHAR NEWLINE_CHAR", rng)
    elif kind == 4:
        text = _insert(text, rng.choice(["\\n\\n", ".\\nThe", "@xcite", "-LRB-"]), rng)
    elif kind == 5:
        text = _insert(text, "�", rng)
    else:
        text = _insert(text, rng.choice(["<br/>", '<a href="x">', "|||||", "<div class='x'>"]), rng)
    return replace(pair, document=text)


def _insert(text: str, word: str, rng: random.Random) -> str:
    words = text.split(" ")
    words.insert(rng.randrange(len(words) + 1), word)
    return " ".join(words)
