"""The markup of wikis in several variants is read as one of them."""

import pytest

from abrege.wiki.variants import choose_variant, variant_of
from abrege.wiki.wikitext import wikitext_to_text

COMPUTER = "-{zh-hans:计算机; zh-hant:電腦;}-"


@pytest.mark.parametrize(
    ("lang", "markup", "plain"),
    [
        ("zh", COMPUTER, "计算机"),
        ("zh-TW", COMPUTER, "電腦"),
        ("zh-Hant", COMPUTER, "電腦"),
        ("zh_Hant_HK", COMPUTER, "電腦"),
        ("zh", "-{zh-cn:内地; zh-tw:大陸; zh-hk:內地}-", "内地"),
        ("zh-HK", "-{zh-cn:内地; zh-tw:大陸; zh-hk:內地}-", "內地"),
        ("zh-HK", "-{zh-cn:内地; zh-tw:大陸}-", "大陸"),
        ("zh", "-{zh-tw:大陸}-", "大陸"),
        ("zh", "-{R|不转换}-人", "不转换人"),
        ("zh", "人-{T|zh-hans:标题; zh-hant:標題}-", "人"),
        ("zh", "人-{H|zh-hans:标题; zh-hant:標題}-", "人"),
        ("zh", "-{A|zh-hans:博客; zh-hant:網誌}-", "博客"),
        ("zh", "-{计}-，-{zh-hans;zh-hant|算}-", "计，算"),
        ("zh", "-{zh-hans:甲-{乙}-; zh-hant:丙}-", "甲乙"),
        ("zh", "-{{lang|en|a}}-", "-{{lang|en|a}}-"),
        ("zh", "-{zh-hans:{{lang|en|a}}; zh-hant:{{lang|en|b}}}-", "{{lang|en|a}}"),
        ("zh", "-{http://a.b/c:d;e}-", "http://a.b/c:d;e"),
        ("sr", "-{sr-ec:да; sr-el:da}-", "да"),
        ("sr-Latn", "-{sr-ec:да; sr-el:da}-", "da"),
        ("en", "x -{y}- z", "x -{y}- z"),
    ],
)
def test_one_variant_is_shown_by_the_language_of_the_recipe(lang, markup, plain):
    assert choose_variant(markup, lang) == plain


def test_the_variant_of_the_recipe_counts_on_a_wiki_of_its_language_only():
    assert variant_of("zh", "zh-TW") == "zh-TW"
    assert variant_of("zh", "fr") == variant_of("zh", None) == "zh"


def test_a_page_has_no_markup_of_variants():
    wikitext = "'''-{zh-hans:例子山; zh-hant:例子山峰}-'''是一座山。-{T|zh:标题}-"
    assert wikitext_to_text(wikitext, lang="zh", namespaces={}).text == "例子山是一座山。"
