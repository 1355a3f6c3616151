"""The templates that are words of a sentence on the wikis of Asian languages and Turkish."""

from collections.abc import Mapping

from abrege.wiki.template_dates import date, life_dates
from abrege.wiki.template_numbers import unit_value
from abrege.wiki.template_rules import (
    ALL,
    TemplateRule,
    by_name,
    concatenated,
    constant,
    country,
    language_marks,
    positional,
    quoted,
    shows,
    silent,
)

FIRST = shows("[{1}]", hides=ALL)

EASTERN_LANGUAGES: Mapping[str, Mapping[str, TemplateRule]] = {
    "ar": silent("""
        بحاجة لمصدر|مصدر|من؟|متى|متى؟|أين|بحاجة لتوضيح|مرجع|استشهاد|استشهاد ويب|استشهاد بكتاب|حول
        شريط بوابات|رمز علم|أيقونة علم|أعلام|مفصلة|طالع أيضا|توضيح|علم صغير|نسخ
        ألفبائية صوتية دولية|هامش
        """)
    | language_marks(
        {"إنج": "بالإنجليزية", "فرن": "بالفرنسية", "ألم": "بالألمانية", "إسب": "بالإسبانية",
         "إيط": "بالإيطالية", "لات": "باللاتينية", "رو": "بالروسية", "تر": "بالتركية",
         "فار": "بالفارسية", "عبر": "بالعبرية", "يون": "باليونانية", "صين": "بالصينية",
         "يابا": "باليابانية", "بر": "بالبرتغالية", "لغة إنجليزية": "بالإنجليزية"}, "{}", "{}: {}")
    | by_name({
        "تاريخ ميلاد|تاريخ الميلاد|تاريخ الميلاد والعمر|تاريخ ميلاد وعمر|تاريخ بدء": date("ymd"),
        "تاريخ الوفاة|تاريخ وفاة|تاريخ الوفاة والعمر|تاريخ وفاة وعمر": date("ymd", more=3),
        "تاريخ": date("dmy"),
        "وإو|وصلة إنترويكي|واو": shows("{نص|عر|تر|1}", hides=ALL),
        "بدون لف|اختصار مخفي|نص صغير|صغير|تكبير|ص.م": FIRST,
        "علم|بلد|علم بلد": FIRST,
        "اقتباس|اقتباس مضمن|قول": quoted("«", "»", "1|نص"),
        "كم": "{1} كم", "كم2": "{1} كم²", "م": "{1} م",
        "ق م|ق.م": constant("ق.م"),
        "هـ": shows("{1} هـ", "هـ"),
        "عدد|تنسيق رقم": unit_value(),
    }),
    "he": silent("""
        הערה|הערות שוליים|ה"ש|מקור|דרוש מקור|דרושה הבהרה|מי|מתי|הפניה לערך מורחב|ערך מורחב|סימוכין
        פירוש נוסף|צ-ספר|צ-מאמר|קישור כללי|ויקישיתוף|עוגן|הבהרה
        """)
    | language_marks(
        {"אנ": "אנגלית", "אנגלית": "אנגלית", "צר": "צרפתית", "צרפתית": "צרפתית",
         "גר": "גרמנית", "גרמנית": "גרמנית", "רוסית": "רוסית", "ערבית": "ערבית",
         "לטינית": "לטינית", "יוונית": "יוונית", "ספרדית": "ספרדית", "איטלקית": "איטלקית",
         "יפנית": "יפנית", "פולנית": "פולנית", "לועזית": "בלועזית", "יידיש": "יידיש"},
        "{}", "{}: {}")
    | by_name({
        "מונחון|טיפ|מוקטן|קטן|לטקסט": FIRST,
        "קישור שפה": shows("{3|2}", hides=ALL),
        "ציטוטון|ציטוט": quoted('"', '"', "1|תוכן"),
        "דגל": shows("{1}", hides=ALL),
        "מספר|עיצוב מספר": unit_value(),
        "תאריך": date("dmy"),
        "ש\"ח|שקל": shows("{1} ₪", "₪"),
        "לפנה\"ס|לפנהס": constant("לפנה\"ס"),
    }),
    "ja": silent("""
        要出典|要検証|誰|いつ|どこ|誰2|要説明|要追加記述|出典無効|リンク切れ|脚注ヘルプ|脚注リスト|reflist
        r|sfn|efn2|refnest2|notelist2|ウィキ座標度分秒|otheruses|複数の問題|出典の明記|main2|see
        要ページ番号|信頼性要検証|フランス語版にあらず|表記揺れ案内|特殊文字|color box
        """)
    | language_marks(
        {"en": "英語", "fr": "フランス語", "de": "ドイツ語", "it": "イタリア語", "es": "スペイン語",
         "pt": "ポルトガル語", "ru": "ロシア語", "la": "ラテン語", "el": "ギリシア語",
         "zh": "中国語",
         "ko": "朝鮮語", "ar": "アラビア語", "nl": "オランダ語", "pl": "ポーランド語"},
        "lang-{}", "{}: {}")
    | language_marks(
        {"en": "英", "fr": "仏", "de": "独", "it": "伊", "es": "西", "ru": "露", "la": "羅",
         "zh": "中"}, "lang-{}-short", "{}: {}")
    | by_name({
        "読み仮名|読み仮名 ruby不使用|読み仮名ruby不使用|読みがな|読み仮名2": shows(
            "{1}（{2}）", "{1}（{2}、{3}）", hides="style|size"),
        "ruby|ルビ|ふりがな|r2": shows("{1}（{2}）", "{1}"),
        "unit|単位": unit_value(),
        "仮リンク": shows("{label|1}", hides=ALL),
        "要出典範囲|要検証範囲|いつ範囲|誰範囲|要説明範囲": shows("{1}", hides=ALL),
        "cp932フォント|jis90フォント|jis2004フォント|補助漢字フォント|拡張漢字|漢字|特殊文字表示|jis2004"
        "|unicode|フォント|縦書き|snamei|sname|zh2|lang2|虚偽|要検証 文": FIRST,
        "生年月日と年齢|生年月日|創立年月日": date("ymd", more=1),
        "死亡年月日と没年齢": lambda arguments, lang: date("ymd")(
            {str(n - 3): text for n, text in enumerate(positional(arguments), 1) if n > 3}, lang),
        "没年齢|没年齢2": constant(""),
        "年月日": date("ymd"),
        "flag|flagu|国旗": country(),
        "quotation|cquote2|引用": quoted("「", "」"),
    }),
    "zh": silent("""
        需要引文|来源请求|來源請求|fact2|何时|何時|谁|誰|哪里|哪裡|何人|notea|noteta|noteta2|nowrap-
        reflist2|参考文献|主条目|主條目|另见|other|消歧义|link style|延伸阅读|不是|facts|查證
        clarify2|ipa2
        """)
    | language_marks(
        {"en": "英语", "fr": "法语", "de": "德语", "it": "意大利语", "es": "西班牙语",
         "pt": "葡萄牙语", "ru": "俄语", "la": "拉丁语", "el": "希腊语", "ja": "日语", "ko": "韩语",
         "ar": "阿拉伯语", "nl": "荷兰语", "vi": "越南语", "th": "泰语"}, "lang-{}", "{}：{}")
    | by_name({
        "bd": life_dates,
        "birthdateandage|birthdate|出生日期|生日": date("ymd"),
        "ruby|rubi|注音": shows("{1}（{2}）", "{1}"),
        "link-en|link-ja|link-de|link-fr|link-ko|link-ru|link-es|link-it|link-vi|le|lj|lf"
        "|internal link helper/en": shows("{3|1}", hides=ALL),
        "tsl|translink": shows("{4|3}", hides=ALL),
        "ilh|internal link helper": shows("{d|1}", hides=ALL),
        "nihongo": shows("{1}", "{1}（{2}）", "{1}（{2} {3}）"),
        "僻字|專名|专名|專|書名|书名|专名号|nowrap|zy|黑体|楷体|小字|inlinetag|ne": FIRST,
        "quote|引文|quotation|cquote": quoted("「", "」"),
        "flag|flagu|旗帜": country(),
        "gap": constant("　"),
        "zh": concatenated("；"),
    }),
    "ko": silent("각주|출처|출처 필요|누구|언제|어디|국기그림|본문|참고|다른 뜻|확인 필요")
    | language_marks(
        {"en": "영어", "fr": "프랑스어", "de": "독일어", "ja": "일본어", "zh": "중국어",
         "ru": "러시아어", "es": "스페인어", "it": "이탈리아어", "la": "라틴어"},
        "lang-{}", "{}: {}")
    | by_name({
        "llang": shows("{2}", hides="1"),
        "한자": "{1}", "루비|ruby": shows("{1}({2})", "{1}"),
        "국기나라|국기": FIRST, "인용문|인용문2": quoted("“", "”"),
        "출생일|출생일과 나이": date("ymd"),
    }),
    "tr": silent("kaynak belirt|kim|ne zaman|ipa|bayrak|ana|ayrıca bakınız|olgu")
    | by_name({"dil|lang": shows("{2}", hides=ALL), "alıntı": quoted("“", "”"),
               "doğum tarihi|doğum tarihi ve yaşı": date("ymd")}),
    "fa": silent("مدرک|نیازمند منبع|چه کسی|پانویس|یادکرد|آیکون پرچم|اصلی|همچنین ببینید")
    | by_name({"به انگلیسی|انگلیسی": "به انگلیسی: {1}", "به فرانسوی": "به فرانسوی: {1}",
               "به آلمانی": "به آلمانی: {1}", "به عربی": "به عربی: {1}",
               "یادکرد در متن": FIRST, "نقل قول|گفتاورد": quoted("«", "»")}),
    "vi": silent("cần dẫn nguồn|fact|ai nói|khi nào|tham khảo|chính|bài chính|xem thêm|flagicon")
    | by_name({"liên kết ngôn ngữ|ill": FIRST, "nowrap|nobr": FIRST, "quote": quoted("“", "”")}),
}  # fmt: skip
"""Language of the wiki → template → its rule."""
