import pytest

from abrege.data.debris import KINDS, find_debris


def kinds(text: str) -> list[str]:
    return [debris.kind.name for debris in find_debris(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'Ã©tÃ© fut long.", "mojibake"),
        ("La tour est Ã  Paris.", "mojibake"),
        ("Donâ€™t go there.", "mojibake"),
        ("It cost 5 Â£ then.", "mojibake"),
        ("Un caf\ufffd noir.", "replacement character"),
        ("Rock &amp;amp; roll", "entity escaped twice"),
        ("Rock&amp;nbsp;and roll", "entity escaped twice"),
        ("Rock &amp; roll", "entity"),
        ("so &quot;they&quot; said", "entity"),
        ("a line<br />and another", "HTML tag"),
        ('<a href="x.html">here</a>', "HTML tag"),
        ("He left. NEWLINE_CHAR NEWLINE_CHAR She stayed.", "NEWLINE_CHAR"),
        ("the end of it. ||||| The second article", "|||||"),
        ("of it. story_separator_special_tag The second", "story_separator_special_tag"),
        ("[deleted] I was there once.", "removed post"),
        ("A line._x000D_ Another", "escaped character"),
        ("as shown in @xcite , we find @xmath0", "@x placeholder"),
        (r"He left.\n\nShe stayed.", "written line break"),
        (r"caf\u00e9 noir", "written line break"),
        ("the film -LRB- 1999 -RRB- won", "Gigaword token"),
        ("LONDON, England (CNN) -- A meeting was held.", "dateline"),
        ("(CNN)A meeting was held.", "dateline"),
        ("PARIS (Reuters) - A meeting was held.", "dateline"),
        ("PUBLISHED: . 09:12 EST, 4 May 2013", "date of publication"),
        ("Publié le 4 mai 2013 à 9h12", "date of publication"),
        ("By . Daily Mail Reporter", "byline"),
        ("Image copyright AFP Image caption The prime minister", "caption"),
        ("Crédit photo : Super Veloce", "caption"),
        ("READ MORE: The full list", "link to more"),
        ("nothing was decided. E-mail to a friend .", "link to more"),
        ("Lire aussi : le maire démissionne", "link to more"),
        ("Sign up for our weekly newsletter", "call to subscribe"),
        ("Inscrivez-vous à notre newsletter", "call to subscribe"),
        ("the video. Scroll down for video .", "link to more"),
        ("Story continues below advertisement", "advertisement"),
        ("La suite après la publicité", "advertisement"),
        ("Copyright 2014 AP. All rights reserved.", "rights"),
        ("Tous droits réservés.", "rights"),
        ("We use cookies to improve this site.", "cookies"),
    ],
)
def test_each_kind_of_debris_is_seen(text, expected):
    assert kinds(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Convolutional networks (CNN) have been applied to the AP dataset (AP) of news.",
        "L'été, à Nîmes : « Où êtes-vous ? » — Âgée de 30 ans, elle a crié « Ça alors ! »",
        "MANHÃ DE SÃO PAULO. O João Ângelo é de lá. A MANHÃ foi longa.",
        "R&D; is what AT&T did, and Tom & Jerry did not; 3 < 5 and <name> stays.",
        r"The folder C:\new and the path D:\notes hold it; \nabla is a sign of LaTeX.",
        "She had read more books, and more than one image of her source was published.",
        "Il faut lire aussi ce livre pour en savoir plus sur lui. By the way, she left.",
        "We follow the rights of all: no right was reserved for those who share a story.",
        "a || b, and the table | has | bars |; -5- and -LR- are not brackets.",
        "Мама мыла раму. Ðe old letters: Ñandú, ñ, ï, â and ð are letters.",
    ],
)
def test_ordinary_text_has_no_debris(text):
    assert kinds(text) == []


def test_each_kind_is_given_once_with_what_follows_it():
    [debris] = find_debris("Ã©tÃ© et\nhiver " + "x" * 60)
    assert debris.text == "Ã©tÃ© et hiver " + "x" * 25
    assert (debris.kind.group, debris.kind.name) == ("damage", "mojibake")


def test_every_kind_says_where_it_was_seen():
    assert all(kind.seen_in for kind in KINDS)
    assert len({kind.name for kind in KINDS}) == len(KINDS)
