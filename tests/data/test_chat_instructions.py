"""Chat data: the instruction inside the user's message, earlier turns, system messages."""

import json

import pytest

from abrege.data.load import load_pairs
from abrege.data.rows import ReadOptions

TEXTS = [
    "#Person1#: Did you call? #Person2#: I did, twice.",
    "#Person1#: It rains. #Person2#: Then we stay at home.",
    "#Person1#: The train is late. #Person2#: As every day.",
    "#Person1#: Who won? #Person2#: Nobody, it was a draw.",
    "#Person1#: Lunch? #Person2#: At noon, in the garden.",
    "#Person1#: Where is Ann? #Person2#: In Lindow since May.",
]
ASK = "Summarize the following conversation:"


def load(folder, rows, **options):
    path = folder / "x.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    notes = []
    loaded = load_pairs(
        str(path),
        columns={},
        lang=None,
        options=ReadOptions(**options),
        on_event=lambda event: notes.append(event.text),
    )
    return loaded, [pair.document for pair in loaded.splits["all"]], " | ".join(notes)


def chat(text, *, before=(), after=(), answer="A summary."):
    turns = [*before, ("user", text), ("assistant", answer), *after]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def sharegpt(text):
    return {"conversations": [{"from": "human", "value": text}, {"from": "gpt", "value": "Short."}]}


def conversational(text):
    row = chat(text)["messages"]
    return {"prompt": row[:1], "completion": row[1:]}


SHAPES = {
    "messages": chat,
    "sharegpt": sharegpt,
    "prompt": lambda text: {"prompt": text, "completion": "Short one."},
    "conversational": conversational,
    "instruction": lambda text: {"instruction": text, "output": "Short one."},
    "alpaca": lambda text: {"instruction": "Do it.", "input": text, "output": "Short one."},
    "parts": lambda text: chat([{"type": "text", "text": text}]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_instruction_that_stands_in_every_message_is_left_out_of_the_document(tmp_path, shape):
    """It stayed in the document, and abrege's own prompt asked a second time."""
    rows = [SHAPES[shape](f"{ASK}\n\n{text}") for text in TEXTS]
    loaded, documents, notes = load(tmp_path, rows)
    assert documents == TEXTS
    assert f'6 of 6 rows begin with "{ASK}"' in notes
    assert "data.instruction: keep" in notes
    assert loaded.chat["instruction"] == {"before": ASK, "after": "", "rows": 6, "of": 6}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "\n\nTL;DR:"),
        ("", "\n\nSummarize the conversation above. Use one sentence."),
        ("You are an editor. Write a summary of this text. Be brief.\n\n", "\n\nSummary:"),
        ("summarize: ", ""),
        ("Fasse den folgenden Text zusammen:\n", ""),
        ("以下の会話を要約してください。", ""),
        ("Résume ce dialogue.\n\n### Dialogue:\n", "\n\n### Résumé :"),
    ],
)
def test_an_instruction_is_recognised_before_and_after_the_text(tmp_path, before, after):
    documents = load(tmp_path, [chat(f"{before}{text}{after}") for text in TEXTS])[1]
    assert documents == TEXTS


def test_words_that_open_every_text_but_ask_for_nothing_stay_and_are_said(tmp_path):
    """A greeting of a call centre is text; `#Person1#:` is a speaker."""
    greeting = "Thank you for calling Acme, how can I help?"
    loaded, documents, notes = load(tmp_path, [chat(f"{greeting}\n{text}") for text in TEXTS])
    assert documents == [f"{greeting}\n{text}" for text in TEXTS]
    assert f'6 of 6 rows begin with "{greeting}"' in notes
    assert "data.instruction: remove" in notes
    assert "instruction" not in loaded.chat
    documents = load(
        tmp_path, [chat(f"{greeting}\n{text}") for text in TEXTS], instruction="remove"
    )[1]
    assert documents == TEXTS
    assert "begin with" not in load(tmp_path, [chat(text) for text in TEXTS])[2]


def test_the_instruction_stays_where_the_recipe_says_keep(tmp_path):
    rows = [chat(f"{ASK}\n\n{text}") for text in TEXTS]
    loaded, documents, _ = load(tmp_path, rows, instruction="keep")
    assert documents == [f"{ASK}\n\n{text}" for text in TEXTS]
    assert "instruction" not in loaded.chat


def test_of_forty_rows_one_may_lack_the_instruction_and_keeps_its_words(tmp_path):
    texts = [f"{n} {TEXTS[n % 6]}" for n in range(40)]
    rows = [chat(text if n == 7 else f"{ASK}\n\n{text}") for n, text in enumerate(texts)]
    loaded, documents, notes = load(tmp_path, rows)
    assert documents == texts
    assert f'39 of 40 rows begin with "{ASK}"' in notes
    assert loaded.chat["instruction"]["rows"] == 39


def test_instructions_in_many_wordings_stay_and_are_said(tmp_path):
    """As in FLAN: which words are the instruction is not certain."""
    asks = ["Summarize this:", "Write a summary of this talk.", "TL;DR of the text below?"]
    rows = [chat(f"{asks[n % 3]}\n\n{text}") for n, text in enumerate(TEXTS)]
    loaded, documents, notes = load(tmp_path, rows)
    assert documents[0] == f"{asks[0]}\n\n{TEXTS[0]}"
    assert "6 of 6 rows seem to ask for a summary in their own words" in notes
    assert 'prompt.template: "{document}"' in notes
    assert "instruction" not in loaded.chat


def test_a_message_that_is_the_instruction_alone_is_not_emptied(tmp_path):
    texts = [*[f"{ASK}\n\n{text}" for text in TEXTS * 4], ASK]
    documents = load(tmp_path, [chat(text) for text in texts])[1]
    assert documents == [*TEXTS * 4, ASK]


def test_the_same_words_before_a_column_that_is_no_chat_stay(tmp_path):
    rows = [{"text": f"{ASK}\n\n{text}", "summary": "Short one."} for text in TEXTS]
    assert load(tmp_path, rows)[1] == [f"{ASK}\n\n{text}" for text in TEXTS]


def test_system_messages_earlier_turns_and_later_ones_are_counted_and_said(tmp_path):
    before = [("system", "Be brief."), ("user", "Hello."), ("assistant", "Hello!")]
    rows = [
        chat(TEXTS[0], before=before),
        chat(TEXTS[1], before=before[:1]),
        chat(TEXTS[2], after=[("user", "Thanks.")]),
        chat(TEXTS[3]),
    ]
    loaded, documents, notes = load(tmp_path, rows)
    assert documents == TEXTS[:4]  # "Thanks." was the document of the third
    assert "2 of 4 rows have a system message, kept in meta: prompt.system" in notes
    assert "1 of 4 rows have earlier turns, left out" in notes
    assert "1 of 4 rows have turns after the last answer" in notes
    assert loaded.chat["turns"] == {"rows": 4, "system": 2, "earlier": 1, "later": 1, "left_out": 3}
    assert "3 turns left out in all" in notes


def test_one_instruction_is_looked_for_in_all_splits_together(tmp_path):
    """A test file of one row begins and ends with anything."""
    for split, texts in (("train", TEXTS[1:]), ("test", TEXTS[:1])):
        lines = [json.dumps(chat(f"{ASK}\n\n{text}")) for text in texts]
        (tmp_path / f"{split}.jsonl").write_text("\n".join(lines))
    loaded = load_pairs(str(tmp_path), columns={}, lang=None)
    assert [pair.document for pair in loaded.splits["test"]] == TEXTS[:1]
    assert loaded.chat["instruction"]["of"] == 6
