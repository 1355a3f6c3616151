"""The titles of references, notes, links, bibliographies and galleries, by language.

Alternatives of regular expressions, in lower case: `lien externe|liens externes`.
"""

ALWAYS_APPARATUS = {
    "fr": "notes|note|renvois|références|référence|voir aussi|voir également|à voir aussi"
    "|liens externes|lien externe|liens|lien|liens web|lien web|sites web|sites internet"
    "|articles? connexes?|articles? liés?|articles? annexes?|pages? connexes?|sujets? connexes?"
    "|bibliographie|bibliographies|éléments de bibliographie|repères bibliographiques|webographie"
    "|sitographie|netographie|médiagraphie|pour en savoir plus|pour aller plus loin"
    "|pour approfondir|lectures? complémentaires?|ouvrages de référence|autres projets"
    "|crédits? d'auteurs?|sources et références|appareil critique",
    "en": "references|reference|notes|footnotes?|end ?notes|citations|see also|external links?"
    "|links|web ?links|web ?sites|bibliography|bibliographies"
    "|further readings?|additional readings?|recommended readings?"
    "|suggested readings?|selected readings?"
    "|works cited|literature cited|related articles|related pages|related topics"
    "|related links|further references"
    "|reference list|list of references|sources cited|notelist",
    "de": "einzelnachweise?|nachweise?|belege|weblinks?|siehe auch|fußnoten|anmerkung(?:en)?"
    "|quellenangaben?|quellennachweise?|quellenverzeichnis|referenzen|externe links|links"
    "|bibliographie|bibliografie|literaturhinweise?|literaturverzeichnis|literaturangaben"
    "|weiterführende literatur|weiterführende informationen|weiterführende links"
    "|endnoten|verwandte artikel|verwandte themen",
    "es": "referencias?|notas?|véase también|véase además|ver también|enlaces? externos?|enlaces"
    "|vínculos externos|bibliografía|lecturas? adicional(?:es)?|lecturas? recomendadas?"
    "|otras lecturas|para saber más|artículos relacionados|notas al pie|pies de página"
    "|enlaces relacionados",
    "it": "note|voc[ei] correlat[ae]|altri progetti|collegament[io] estern[io]|bibliografia"
    "|riferimenti bibliografici|vedi anche|pagine correlate|sitografia|webgrafia|annotazioni"
    "|link esterni|per approfondire|letture consigliate",
    "pt": "referências?|notas?|ver também|veja também|vide também|ligação externa|ligações externas"
    "|links? externos?|hiperligação externa|hiperligações externas|bibliografia"
    "|leitura adicional|leituras adicionais"
    "|leituras? complementar(?:es)?|leitura recomendada|notas de rodapé|artigos relacionados",
    "nl": "referenties|zie ook|externe links?|externe koppeling(?:en)?|noten|voetnoten|eindnoten"
    "|bibliografie|bronvermelding(?:en)?|bronnenlijst|literatuurlijst|literatuuropgave"
    "|verder lezen|externe verwijzing(?:en)?|weblinks?|voetnoot",
    "pl": "przypisy|uwagi|bibliografia|linki zewnętrzne|zobacz też|zobacz również"
    "|źródła internetowe"
    "|literatura uzupełniająca|dalsza lektura|odnośniki|czytaj także|odsyłacze",
    "ru": "примечани[ея]|комментари[ий]|сноск[аи]|ссылки|внешние ссылки|см. также|смотри также"
    "|смотрите также|библиография|список литературы|дополнительная литература"
    "|использованная литература|литература и ссылки|библиографический список|ссылки и примечания"
    "|интернет-ссылки|в интернете",
    "uk": "примітк[аи]|виноски|посилання|зовнішні посилання|див. також|дивіться також|дивись також"
    "|бібліографія|список літератури|додаткова література|коментарі|інтернет-ресурси",
    "ar": "المراجع|مراجع|المصادر|مصادر|الهوامش|هوامش|ملاحظات|الملاحظات|حواش|الحواشي|حواشي"
    "|انظر أيضا|انظر ايضا|اقرأ أيضا|طالع أيضا|شاهد أيضا|مواضيع ذات صلة|مقالات ذات صلة"
    "|وصلات خارجية|روابط خارجية|الوصلات الخارجية|الروابط الخارجية|قراءات إضافية|للمزيد من القراءة"
    "|قراءة موسعة|للاستزادة|ببليوغرافيا|فهرس المراجع|المراجع والمصادر",
    "he": "הערות שוליים|הערות|ביאורים|ראו גם|ראה גם|קישורים חיצוניים|לקריאה נוספת|ביבליוגרפיה"
    "|מראי מקום|הפניות",
    "fa": "منابع|منبع|پانویس|پانویس‌ها|پانوشت|پانوشت‌ها|یادداشت|یادداشت‌ها|جستارهای وابسته"
    "|پیوند به بیرون|پیوندهای بیرونی|پیوندهای خارجی|نگاه کنید به|همچنین ببینید|برای مطالعه بیشتر"
    "|کتاب‌شناسی|ارجاعات|مطالعه بیشتر",
    "ja": "脚注|注釈|註釈|注|註|注記|出典|参考文献|参考資料|参考図書|関連項目|関連記事|外部リンク"
    "|外部サイト|関連文献|関連書籍|参照|脚註|引用文献|リンク|文献|参考|参考サイト|関連サイト"
    "|注釈・出典|出典・脚注",
    "zh": "参考文献|參考文獻|参考资料|參考資料|参考|參考|参考来源|參考來源|资料来源|資料來源"
    "|参考书目"
    "|參考書目|注释|註釋|注釋|注解|註解|脚注|腳註|脚註|附注|附註|备注|備註|参见|參見|参看|參看|另见|另見"
    "|相关条目|相關條目|外部链接|外部連結|外部鏈接|外部链結|延伸阅读|延伸閱讀|扩展阅读|擴展閱讀"
    "|参考文献和注释|引用|引用来源|來源|来源|参照|相关链接|相關連結|外部参考",
    "ko": "각주|주석|주해|주|참고 문헌|참고문헌|참고 자료|참고자료|참고|같이 보기|함께 보기"
    "|외부 링크"
    "|바깥 고리|관련 문서|관련 항목|출처|더 읽어보기|읽을거리|내용주|참조주",
    "vi": "tham khảo|chú thích|ghi chú|xem thêm|liên kết ngoài|đọc thêm|thư mục|nguồn tham khảo"
    "|tài liệu tham khảo|thư mục tham khảo|nguồn trích dẫn|trích dẫn|liên kết|chú giải",
    "sv": "referenser|noter|fotnoter|anmärkningar|källor|källhänvisningar|källförteckning|se även"
    "|externa länkar|vidare läsning|tryckta källor|webbkällor|bibliografi|litteraturförteckning"
    "|länkar|noter och referenser",
    "cs": "reference|poznámky|poznámky pod čarou|externí odkazy|související články|odkazy|viz též"
    "|bibliografie|další literatura|doporučená literatura|související stránky",
    "tr": "kaynakça|kaynaklar|dipnotlar|notlar|ayrıca bakınız|dış bağlantılar"
    "|konuyla ilgili yayınlar"
    "|ek okumalar|bibliyografya|dış bağlantı|özel|genel kaynaklar|bakınız",
    "id": "referensi|catatan|catatan kaki|lihat pula|lihat juga|pranala luar|daftar pustaka"
    "|bacaan lanjutan|bacaan lebih lanjut|rujukan|bibliografi",
    "ca": "referències|notes|vegeu també|enllaços externs|bibliografia|bibliografia addicional",
    "fi": "lähteet|viitteet|aiheesta muualla|katso myös|kirjallisuutta|huomautukset",
    "hu": "jegyzetek|források|forrás|további információk|külső hivatkozások|kapcsolódó szócikkek"
    "|lásd még|megjegyzések|irodalom|további irodalom",
    "da": "referencer|noter|fodnoter|se også|eksterne henvisninger|kilder|eksterne links",
    "no": "referanser|noter|fotnoter|se også|eksterne lenker|kilder",
}
"""Titles that are never a subject: their sections are removed anywhere."""
APPARATUS_AT_THE_END = {
    "fr": "sources?|ouvrages|annexes?|compléments|documentation|galerie|galerie d'images"
    "|galerie de photos|galerie photos?|galerie photographique|iconographie|remarques?",
    "en": "sources?|literature|further information|gallery|image gallery|photo gallery|appendix"
    "|appendices|annotations|remarks",
    "de": "quellen?|literatur|sekundärliteratur|primärliteratur|galerie|bildergalerie|anhang"
    "|schriften über|hinweise",
    "es": "fuentes?|literatura|galería|galería de imágenes|galería fotográfica|anexos?|citas",
    "it": "fonti|riferimenti|letteratura|galleria d'immagini|galleria fotografica|galleria"
    "|approfondimenti|appendici|appendice",
    "pt": "fontes?|literatura|galeria|galeria de imagens|galeria de fotos|anexos?|citações",
    "nl": "bronn?en|bron|literatuur|verwijzingen|galerij|fotogalerij|afbeeldingen|bijlagen?",
    "pl": "źródła|źródło|literatura|galeria|galeria zdjęć|dodatki|cytaty|publikacje",
    "ru": "источник[и]?|литература|галерея|фотогалерея|изображения|приложени[ея]|комментарии"
    "|дополнительно|документы",
    "uk": "джерел[ао]|література|галерея|світлини|додатки|зображення",
    "ar": "معرض صور|معرض الصور|معرض|صور|ملحق|ملاحق|اقتباسات",
    "he": "מקורות|גלריה|גלריית תמונות|נספחים|ספרות",
    "fa": "گالری|نگارخانه|گالری تصاویر|تصاویر|پیوست",
    "ja": "ギャラリー|画像|備考|補足|資料|付録|ノート|参考画像",
    "zh": "图集|圖集|画廊|畫廊|图片|圖片|相册|图库|圖庫|附录|附錄|书目|書目|文献|文獻",
    "ko": "갤러리|사진|그림|부록|문헌|사진첩",
    "vi": "nguồn|thư viện ảnh|hình ảnh|phụ lục|tư liệu",
    "sv": "källa|litteratur|galleri|bildgalleri|bilagor|bilder",
    "cs": "literatura|zdroje|prameny|galerie|fotogalerie|přílohy|obrázky",
    "tr": "galeri|resim galerisi|fotoğraf galerisi|ekler|yayınlar",
    "id": "galeri|sumber|pustaka|lampiran",
    "ca": "fonts|galeria|galeria d'imatges|annexos",
    "fi": "galleria|kuvia|kuvagalleria",
    "hu": "galéria|képek|képgaléria|függelék",
    "da": "litteratur|galleri|billedgalleri",
    "no": "litteratur|galleri|bildegalleri",
}
"""Titles that can be a subject (the Sources of a river): removed at the end only."""
QUALIFIERS = {
    "fr": "externes?|internes?|connexes?|utiles?|complémentaires?|sélectives?|indicatives?"
    "|sommaire|succincte|générales?|principales?|primaires?|secondaires?|bibliographiques?"
    "|documentaires?|webographiques?|électroniques?|web|internet|divers|diverses|officiels?"
    "|autres?|imprimées?|manuscrites?|anciennes?|modernes?|récentes?|citée?s?|utilisées?"
    "|consultée?s?|essentielle|partielle|thématique|commentée|critique|détaillée|annexes?"
    "|en ligne|de l'article|en français|en anglais|de bas de page|sur le sujet|ouvrages",
    "en": "general|specific|cited|primary|secondary|tertiary|selected|select|additional|further"
    "|explanatory|informational|inline|online|other|external|internal|suggested|recommended"
    "|annotated|short|partial|useful|related|official|print|books",
    "de": "weiterführende|externe|allgemeine|ausgewählte|weitere|sonstige|auswahl|online|bücher",
    "es": "externas?|externos?|general(?:es)?|adicional(?:es)?|bibliográficas?|complementaria"
    "|recomendada|otras|otros|utilizadas|consultadas|selecta|al pie",
    "it": "esplicative|bibliografiche|al testo|generali|principali|esterni|essenziale|altre|altri",
    "pt": "externas?|externos?|gerais|bibliográficas|explicativas|complementar|adicional|outras",
    "nl": "externe|geraadpleegde|overige|algemene|aanvullende|geselecteerde",
    "pl": "zewnętrzne|inne|dodatkowe|podstawowe|wybrane|internetowe|drukowane",
    "ru": "внешние|дополнительные|основные|другие|избранная|на русском языке|на английском языке"
    "|общие|использованные",
    "uk": "зовнішні|додаткові|основні|інші|вибрана",
    "ar": "خارجية|إضافية|عامة|أخرى|المراجع|عربية|أجنبية",
    "he": "חיצוניים|נוספים|כלליים",
    "fa": "خارجی|بیشتر|دیگر",
    "ja": "その他|一覧|主要|関連",
    "zh": "其他|其它|主要|相关|相關|网络|書籍|书籍|文獻|文献|资料",
    "ko": "기타|일반|내용|참조",
    "vi": "chung|khác|ngoài",
    "sv": "externa|övriga|allmänna|tryckta|andra",
    "cs": "externí|další|obecné|ostatní",
    "tr": "dış|genel|diğer|özel",
}
"""Words that may stand beside a title: general references, notes and links."""
