"""The names of the file and category namespaces of wikis in many languages."""

from collections.abc import Mapping

MEDIA, FILE, CATEGORY = -2, 6, 14
HIDDEN = (MEDIA, FILE, CATEGORY)
"""A link to one of these is not text, unless it begins with a colon."""

_FILES = """
file image media fichier média datei bild archivo imagen immagine ficheiro imagem arquivo fitxer
imatge bestand afbeelding plik grafika soubor súbor slika datoteka fil tiedosto kuva fájl kép fișier
fişier imagine dosya resim şəkil berkas gambar irudi fitxategi pilt vaizdas attēls dosiero skrá mynd
αρχείο εικόνα файл изображение зображення картинка слика датотека выява сурет պատկեր ფაილი ملف صورة
پرونده تصویر קובץ תמונה 파일 그림 ファイル 画像 文件 图像 图片 檔案 圖像 चित्र ไฟล์ ภาพ hình
"""
_CATEGORIES = """
category catégorie kategorie categoría categoria categorie kategoria kategória kategorija kategori
luokka kategoriya kategooria kategorija kategorio flokkur kategoria categorías κατηγορία категория
категорія категорија катэгорыя санат կատեգորիա კატეგორია تصنيف رده קטגוריה 분류 カテゴリ 分类
分類 श्रेणी หมวดหมู่
"""
ALL_LANGUAGES: Mapping[str, int] = {
    **dict.fromkeys(_FILES.split(), FILE),
    **dict.fromkeys(_CATEGORIES.split(), CATEGORY),
}
"""Name in lower case → number; a dump lists its own names, but not all their older ones."""


def namespace_number(prefix: str, site_namespaces: Mapping[str, int]) -> int | None:
    """Return the number of the namespace that a link's prefix names; None if it names none.

    site_namespaces  names that the wiki itself uses, in lower case, with their numbers
    """
    name = prefix.strip().replace("_", " ").lower()
    return site_namespaces.get(name, ALL_LANGUAGES.get(name))
