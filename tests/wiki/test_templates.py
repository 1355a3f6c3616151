"""What the templates of the large wikis show inside a sentence."""

import pytest

from abrege.wiki.templates import display_name
from abrege.wiki.wikitext import wikitext_to_text


def convert(wikitext: str, lang: str, **options):
    return wikitext_to_text(wikitext, lang=lang, namespaces={}, **options)


def text(wikitext: str, lang: str) -> str:
    page = convert(wikitext, lang)
    assert not page.holes, page.holes
    return page.text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("wikitext", "plain"),
    [
        ("{{unité|299792458|m||s|-1}}", "299 792 458 m·s⁻¹"),
        ("{{unité|6.02|e=23|atomes}}", "6,02 × 10²³ atomes"),
        ("{{unité|1.6|e=-19|C}}", "1,6 × 10⁻¹⁹ C"),
        ("{{unité|1000|kg||m|-3}}", "1 000 kg·m⁻³"),
        ("{{unité|3.5e-3|mol|L|-1}}", "3,5 × 10⁻³ mol·L⁻¹"),
        ("{{unité|1.54|g/cm|3}}, {{unité|40}}", "1,54 g/cm³, 40"),
        ("{{frac|3|4}}, {{x10|3,5|-3}}", "3/4, 3,5 × 10⁻³"),
        ("{{fchim|C|6|H|12|O|6}} et {{CO2}}", "C6H12O6 et CO2"),
        ("{{M.}} Dupont, {{Mme|Martin}}, {{Mgr|Lefèvre}}", "M. Dupont, Mme Martin, Mgr Lefèvre"),
        ("bat {{drapeau|Italie}} {{score|3|1}}, {{score|3-0}}", "bat Italie 3-1, 3-0"),
        ("{{euro|15}}, {{unité|12|€}}", "15 €, 12 €"),
        ("{{Vers|texte=Ô rivières du soir}}", "Ô rivières du soir"),
        ("du {{grec ancien|ἄκρος|akros|extrême}}", "du grec ancien ἄκρος / akros, « extrême »"),
        ("{{heure|20|30}}, {{heure|2|30|15}}", "20 h 30, 2 h 30 min 15 s"),
        ("{{date|1|1|1990}}, {{date||mai|1900}}", "1er janvier 1990, mai 1900"),
        ("{{japonais|Eau|水|mizu}}", "Eau (水, mizu)"),
        ("dit-il{{refnec}}, ''x''{{refnec|, dit-on,|date=mai}}", "dit-il, x, dit-on,"),
    ],
)
def test_french_templates_show_all_their_words(wikitext, plain):
    assert text(wikitext, "fr") == plain


@pytest.mark.parametrize(
    ("wikitext", "plain"),
    [
        ("{{frac|3|1|2}} inch, {{1/2}}, {{sfrac|2|3}}", "3 1/2 inch, 1/2, 2/3"),
        ("{{val|1.5|e=8|u=km}}, {{val|5778|ul=K}}", "1.5×10⁸ km, 5778 K"),
        ("{{val|2.5|0.1|u=kg}}, {{val|2.5|0.1|0.2|e=3}}", "2.5±0.1 kg, (2.5+0.1−0.2)×10³"),
        ("{{convert|5|ft|11|in|m}} deep", "5 feet 11 inches deep"),
        ("{{convert|12|sqmi|km2|abbr=on}} at {{convert|20|C|F}}", "12 sq mi at 20 °C"),
        ("{{convert|5|x|6|m|ft}}, {{convert|60|to|70|kg|lb}}", "5 × 6 metres, 60 to 70 kilograms"),
        ("a {{convert|60|mi|km|adj=on}} road, {{cvt|1|mi}}", "a 60-mile road, 1 mi"),
        ("{{convert|12000|ft|m|0}}", "12,000 feet"),
        ("{{£|20}}, {{€|15}} or {{INR}}300", "£20, €15 or ₹300"),
        ("{{ordinal|3}}, {{ordinal|11}}, {{ordinal|22}}", "3rd, 11th, 22nd"),
        ("with {{sic|teh}} word, {{sic|hide=y|Wrold}}", "with teh [sic] word, Wrold"),
        ("{{citation needed span|text=a large crowd|date=May 2020}}", "a large crowd"),
        ("{{clarify|text=unclear words|date=May}} here{{when|date=May}}", "unclear words here"),
        ("{{circa|1200|1250}}", "c. 1200 – c. 1250"),
        ("{{ship|French ship|Redoutable||2}} and {{HMS|Victory}}", "Redoutable and HMS Victory"),
        ("Members: {{hlist|Anna|Ben|Carl}}.", "Members: Anna, Ben, Carl."),
        ("{{plainlist|\n* Dora\n* Emil\n}}", "Dora, Emil"),
        ("{{start date|1990|6|1|df=y}}; {{birth date|1950|5|3}}", "1 June 1990; May 3, 1950"),
        ("{{death date and age|2020|1|2|1950|5|3}}", "January 2, 2020 (aged 69)"),
        ("{{As of|2020|lc=y}}, {{as of|2001|5}}", "as of 2020, As of May 2001"),
        ("at {{coord|57|18|N|4|27|30|W|type:city}}", "at 57°18′ N, 4°27′30″ W"),
        ("town{{coord|57|N|4|W|display=title}}", "town"),
        ("{{nihongo|'''Tokyo'''|東京|Tōkyō}}", "Tokyo (東京, Tōkyō)"),
        ("{{langx|ru|вода|voda|water}}, {{lang-de|Haus}}", "вода, voda, water, Haus"),
        ("{{lang-rus|Андрей|p=ɐnˈdrʲej|r=Andrey}}", "Андрей"),
        ("A{{music|sharp}}, {{formatnum:{{nowrap|12345}}}}", "A♯, 12,345"),
        ("Jane ({{IPAc-en|d|eɪ}}; {{lang-fr|Jeanne}})", "Jane (Jeanne)"),
    ],
)
def test_english_templates_show_all_their_words(wikitext, plain):
    assert text(wikitext, "en") == plain


@pytest.mark.parametrize(
    ("lang", "wikitext", "plain"),
    [
        ("de", "({{frS|Pic}}, {{IPA|x}}) mit {{Höhe|2962|DE-NHN|link=true}}, {{Höhe|550}}",
         "(französisch Pic) mit 2962 m ü. NHN, 550 m"),
        ("de", "{{Datum|3|Mai|1901}}, {{Zahl|1234567}}, {{Bruch|1|2}}, {{Nobr|5 km}}",
         "3. Mai 1901, 1.234.567, 1/2, 5 km"),
        ("de", "{{\"|so ist es|Autor}}", "„so ist es“"),
        ("es", "{{unidad|1200|km}}, {{siglo|XVIII||s}}, {{unidad|45000|km2}}",
         "1200 km, siglo XVIII, 45 000 km²"),
        ("es", "{{formatnum:32500}} el {{fecha|3|5|1901}}, {{siglo|IV|a.C.}}",
         "32 500 el 3 de mayo de 1901, IV a. C."),
        ("it", "{{M|1200|u=km}}, {{Data|3|5|1901}}, {{tutto attaccato|a b}}",
         "1 200 km, 3 maggio 1901, a b"),
        ("pt", "{{fmtn|1200|km}} no {{séc|XVIII}} em {{dtlink|3|5|1901}}",
         "1 200 km no século XVIII em 3 de maio de 1901"),
        ("nl", "{{formatnum:12345}}, {{lang|fr|été}}, {{nobr|5 km}}", "12.345, été, 5 km"),
        ("pl", "({{ang.|Example}}), {{liczba|12345}}, {{link-interwiki|Góra}}{{odn|X|1990}}",
         "(ang. Example), 12 345, Góra"),
        ("ru", "({{lang-en|Example}}), {{num|12345|человек}}, {{s|XIX веке}}, {{м|150}}",
         "(англ. Example), 12 345 человек, XIX веке, 150 м"),
        ("ru", "{{число|1234|км²}}, {{нп5|Имя|слово|en|Name}}{{нет АИ|1|2}}", "1234 км², слово"),
        ("ru", "{{OldStyleDate|10 марта|1901|26 февраля}} {{Флагификация|Франция}}",
         "26 февраля [10 марта] 1901 Франция"),
        ("pt", "{{dni|3|5|1901|si}} — {{morte|14|7|1988|3|5|1901}}",
         "3 de maio de 1901 — 14 de julho de 1988"),
        ("pl", "{{państwo|Polska}}", "Polska"),
        ("uk", "({{lang-de|Haus}}), {{num|12345}}", "(нім. Haus), 12 345"),
        ("ar", "({{إنج|The Writer}}) ولد في {{تاريخ ميلاد|1901|5|3}}",
         "(بالإنجليزية: The Writer) ولد في 3 مايو 1901"),
        ("he", "({{אנ|Example}}), {{מונחון|מילה|הסבר}}{{הערה|x}}", "(אנגלית: Example), מילה"),
        ("ja", "{{読み仮名|'''例山'''|れいやま}}は{{Unit|1234|m}}の{{ルビ|山|やま}}{{R|a}}",
         "例山（れいやま）は1,234 mの山（やま）"),
        ("ja", "{{仮リンク|例|en|Example}}は{{生年月日と年齢|1901|5|3}}", "例は1901年5月3日"),
        ("zh", "例（{{lang-en|Example}}，{{bd|1901年|5月3日|1988年|7月14日}}）",
         "例（英语：Example，1901年5月3日－1988年7月14日）"),
        ("zh", "海拔{{convert|1234|m|ft}}，{{link-en|山|Mt}}，{{tsl|en|Harz|哈茨}}",
         "海拔1,234米，山，哈茨"),
        ("ko", "{{llang|en|Example}}, {{출생일|1901|5|3}}", "Example, 1901년 5월 3일"),
        ("sv", "{{datum|1901|5|3}}, {{datum|3|5|1901}}", "3 maj 1901, 3 maj 1901"),
    ],
)  # fmt: skip
def test_templates_of_other_wikis_are_read_as_whole_sentences(lang, wikitext, plain):
    assert text(wikitext, lang) == plain


@pytest.mark.parametrize(
    ("lang", "template"),
    [
        ("fr", "{{unité|300|m|||s|-1}}"),
        ("fr", "{{unité|3|m|arrondi=2}}"),
        ("fr", "{{s|dix-neuf}}"),
        ("en", "{{frac|1|2|3|4}}"),
        ("en", "{{convert|1|mi|km|disp=out}}"),
        ("en", "{{val|1|x=2}}"),
        ("en", "{{circa|1|2|3}}"),
        ("es", "{{siglo|XX|era}}"),
        ("de", "{{Höhe|1234|MOON}}"),
        ("sv", "{{datum|1901|5|45}}"),
        ("ru", "{{OldStyleDate|15|мая|1901|3}}"),  # was 1901 3 [15] мая
        ("pl", "{{państwo|POL}}"),  # was POL
        ("en", "{{flagcountry|FRA}}"),
    ],
)
def test_a_rule_that_does_not_read_all_arguments_shows_nothing_and_is_counted(lang, template):
    page = convert(f"a {template} b", lang)
    assert page.text == "a b"
    assert page.meta["introduction_holes"] == 1


def test_the_name_of_a_template_is_counted_once_for_all_its_spellings():
    assert display_name("ewz ") == display_name("Ewz") == "Ewz"
    assert display_name("#if: x") == "#if"
    assert display_name("x_y") == "X y"
