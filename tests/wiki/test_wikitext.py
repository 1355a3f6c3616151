import pytest

from abrege.wiki.wikitext import wikitext_to_text

FRENCH = {"Fichier": 6, "Catégorie": 14, "Portail": 100}


def text(wikitext: str, lang: str = "fr") -> str:
    return wikitext_to_text(wikitext, lang=lang, namespaces=FRENCH).text


@pytest.mark.parametrize(
    ("wikitext", "plain"),
    [
        ("né à [[Moulins (Allier)|Moulins]] en [[1866]]", "né à Moulins en 1866"),
        ("'''gras''' et ''italique'' et '''''les deux'''''", "gras et italique et les deux"),
        ("voir [http://x.fr le site], [http://x.fr]", "voir le site,"),
        ("a{{Infobox|nom={{France}}|x=[[b]]}}c", "ac"),
        ("dit<ref name=\"a\">[[livre]] > 2</ref> cela<ref name=a /> ici", "dit cela ici"),
        ("l'eau<!-- [[x]] --> bout &agrave; 100&#160;°C &lt;b&gt;", "l'eau bout à 100\xa0°C <b>"),
        ("avant\n{| class=\"w\"\n! h\n|-\n| [[c]] || d\n|}\naprès", "avant\n\naprès"),
        ("[[Fichier:a.jpg|vignette|Une [[légende]] ''longue'']]Texte", "Texte"),
        ("Texte [[Catégorie:Ville|*]][[de:Stadt]]", "Texte"),
        ("voir [[:Catégorie:Ville]] et [[Portail:Paris|Paris]]", "voir Catégorie:Ville et Paris"),
        (":* un\n** deux\n# trois\n; terme : sens", "un\ndeux\ntrois\nterme : sens"),
        ("<div id=\"x\">un<br />deux <small>et</small></div> <b>trois", "un\ndeux et\ntrois"),
        ("soit <math>a_{{1}} < [[b]]</math> un nombre", "soit un nombre"),
        ("la <nowiki>balise <ref></nowiki> note<ref>x</ref>.", "la balise note."),
        ("__NOTOC__un\n\n\n\n:\n*\ndeux", "un\n\ndeux"),
        ("<gallery>\na.jpg|[[x]]\n</gallery>fin", "fin"),
        ("reste {{non fermé\n| un = deux\n[[ouvert", "reste non fermé\n\nouvert"),
    ],
)  # fmt: skip
def test_markup_is_removed_and_its_words_stay(wikitext, plain):
    assert text(wikitext) == plain


def test_a_heading_is_a_line_without_markup_whose_offset_and_level_are_returned():
    wikitext = (
        "Début.\n== ''Histoire'' <ref>note</ref> ==\nTexte.\n\n\n"
        "=== [[Paris|La ville]] ===<!-- x -->\nSuite {{x}}.\n== {{vide}} ==\nFin = 2 = 1 + 1"
    )  # fmt: skip
    page = wikitext_to_text(wikitext, lang="fr", namespaces=FRENCH)
    plain, headings = page.text, page.headings

    assert plain == "Début.\n\nHistoire\n\nTexte.\n\nLa ville\n\nSuite.\n\nFin = 2 = 1 + 1"
    assert headings == [(8, 2), (26, 3)]
    assert [plain[at:].split("\n")[0] for at, _ in headings] == ["Histoire", "La ville"]


def test_files_and_categories_are_detected_in_other_languages_than_the_wikis():
    # A French page may hold an English picture, and a Russian dump may lack its older names.
    hidden = "[[Image:a.png|thumb|b]][[Datei:c.jpg]][[Файл:d.jpg|мини]][[Category:e]][[分类:f]]"
    assert text(hidden + "[[Datei]]") == "Datei"


@pytest.mark.parametrize(
    ("lang", "wikitext", "plain"),
    [
        ("fr", "du {{s|XX}}, le {{1er|mai}}", "du XXe siècle, le 1er mai"),
        ("fr", "{{sp-|XV|e|au|XVII|e}}, {{Ier siècle}}", "XVe au XVIIe siècle, Ier siècle"),
        ("fr", "{{s2|I|er|II}}, {{-s|IV}}", "Ier et IIe siècles, IVe siècle av. J.-C."),
        ("fr", "{{unité|1234|m|2}} le {{date|4|mai|1990|en sport}}", "1\u202f234 m² le 4 mai 1990"),
        ("fr", "né {{nobr|[[Jean V]]}}, {{citation|texte=l{{'}}ami}}", "né Jean V, « l'ami »"),
        ("fr", "{{formatnum:12000}} {{Lien|langue=en|trad=A|fr=B}} {{,}}fin", "12\u202f000 B fin"),
        ("en", "rises {{convert|2|to|3|km|mi|abbr=on}}", "rises 2 to 3 km"),
        ("en", "in {{lang|fr|''été''}} ({{lang-el|λόγος}}) {{citation|1=b}}", "in été (λόγος)"),
        ("en", "{{Harvtxt|Boolos|Jeffrey|1974|1999}} and {{harvtxt|Minsky|1967|p=105}}",
         "Boolos & Jeffrey (1974, 1999) and Minsky (1967)"),
        ("fr", "{{date-|1 mai 1990}}, 9 km{{2}}, {{1er août}}", "1er mai 1990, 9 km2, 1er août"),
        ("de", "im {{s|XX}} {{unité|3|m}} Jahr", "im Jahr"),
    ],
)  # fmt: skip
def test_templates_that_show_words_are_expanded_by_the_language_of_the_wiki(lang, wikitext, plain):
    assert text(wikitext, lang) == plain


@pytest.mark.parametrize(
    ("lang", "wikitext", "plain"),
    [
        # The number of mediawiki.org, Help:Magic words; separators of its Messages files
        ("en", "{{formatnum:987654321.654321}}", "987,654,321.654321"),
        ("fr", "{{formatnum:987654321.654321}}", "987\u202f654\u202f321,654321"),
        ("de", "{{formatnum:987654321.654321}}", "987.654.321,654321"),
        ("xx", "{{formatnum:987654321.654321}}", "987654321.654321"),
        ("fr", "{{formatnum:46,420.129}} {{formatnum:XII}}", "46,420.129 XII"),
        ("en", "{{formatnum:12345|R}} {{formatnum:12345|NOSEP}}", "12345 12345"),
        ("fr", "{{unité|2.2|km}}, {{unité|400000 t}} par an", "2,2 km, 400\u202f000 t par an"),
        ("fr", "{{unité|1000|à=2500|m}}, {{nombre|54,56|m}}", "1\u202f000 à 2\u202f500 m, 54,56 m"),
    ],
)  # fmt: skip
def test_numbers_are_formatted_as_the_wiki_shows_them(lang, wikitext, plain):
    assert text(wikitext, lang) == plain


@pytest.mark.parametrize(
    ("wikitext", "plain"),
    [
        ("L''''algèbre''' de l'''[[Iliade]]'' d'Homère", "L'algèbre de l'Iliade d'Homère"),
        ("l'''Iliade''", "l'Iliade"),
        ("'''l''', '''a''' et ''b''", "l, a et b"),
    ],
)
def test_an_apostrophe_before_italics_stays(wikitext, plain):
    assert text(wikitext) == plain


def test_broken_markup_leaves_no_marks_and_is_no_error():
    assert text("a {{unité|\n== Titre ==\n}} b [{{[c]}}] d") == "a Titre b c d"
    assert text("un {{lang|la|<ref>\n{|\n| x\n\0deux") == "un lang|la|\n\ndeux"


def test_a_page_of_the_deepest_nesting_is_read():
    deep = "{{a|" * 200 + "x" + "}}" * 200
    assert text(f"avant {deep}\n\naprès").endswith("après")
