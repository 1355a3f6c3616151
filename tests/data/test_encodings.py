"""The encoding that a message proposes for a line that is not UTF-8."""

import pytest

from abrege.data.encodings import likely_encoding


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Déjà payé, 0 €. L’été."),
        ("cp1252", "niño, corazón, ¿qué?"),
        ("cp1252", "He said “yes” – twice…"),
        ("mac_roman", "L’été à la mer «là»."),
        ("cp850", "été à la mer"),
        ("cp1250", "Zażółć gęślą jaźń"),
        ("cp1251", "Длинный документ о мосте."),
        ("koi8-r", "Длинный документ о мосте."),
        ("cp1253", "Το μεγάλο έγγραφο για τη γέφυρα"),
        ("cp1256", "وثيقة طويلة عن الجسر"),
        ("shift_jis", "日本語の文章です。,要約です。"),
        ("euc_jp", "日本語の文章です。,要約です。"),
        ("gb18030", "这是一个很长的文档。,摘要。"),
        ("big5", "這是一個很長的文件。,摘要。"),
        ("euc_kr", "이것은 긴 문서입니다. 다리에 관한"),
    ],
)
def test_the_encoding_in_which_a_line_is_words_is_proposed(encoding, text):
    """Windows-1252 was proposed for all of them."""
    assert text.encode(encoding).decode(likely_encoding(text.encode(encoding))) == text
