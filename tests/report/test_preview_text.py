"""A preview as lines of a terminal and as a page."""

from abrege.prompts.preview_model import Preview, PreviewToken, PromptPart, RowPreview
from abrege.report.preview_page import render_html
from abrege.report.preview_text import render_preview, render_short, visible


def a_row(**changes):
    """Return a row of four tokens, of which the last two are trained."""
    values = {
        "id": "row-1",
        "split": "train",
        "parts": [PromptPart("document", "The cat"), PromptPart("chat template", "<|end|>\n")],
        "target_text": "a cat",
        "prompt": [PreviewToken(5, "The", False), PreviewToken(6, " cat\n", False)],
        "target": [PreviewToken(7, "a", True), PreviewToken(2, "<|end|>", True)],
        "document_tokens": 2,
        "document_tokens_cut": 0,
        "last_words": "",
        "cut_at": None,
        "escaped": False,
        "reserved_tokens": 3,
    }
    return RowPreview(**{**values, **changes})


def a_preview(*rows, **changes):
    values = {
        "model": "tiny",
        "source": "pairs.jsonl",
        "max_tokens": 10,
        "max_new_tokens": 3,
        "encoder_decoder": False,
        "completion_only": True,
        "chat": True,
        "date": None,
        "closing": "",
        "notes": [],
        "rows_of_split": {"train": 8, "valid": 1, "test": 1},
        "rows": rows or [a_row()],
    }
    return Preview(**{**values, **changes})


def test_trained_tokens_are_in_brackets_and_the_others_end_with_a_bar():
    assert "  The| cat⏎|[a][<|end|>]\n" in render_preview(a_preview())


def test_colour_is_added_to_the_brackets_only_where_it_is_asked_for():
    assert "\x1b" not in render_preview(a_preview())
    assert "\x1b[32m[a]\x1b[0m" in render_preview(a_preview(), colored=True)


def test_counts_of_tokens_and_room_add_up():
    lines = render_preview(a_preview()).splitlines()
    assert "prompt    2 tokens: document 2, around it 0" in lines
    assert "trained   2 of 4 tokens" in lines
    assert any("prompt 2, left to the summary 3, free 5" in line for line in lines)


def test_a_cut_is_told_with_the_words_that_stay():
    row = a_row(document_tokens=5, document_tokens_cut=3, last_words="The cat", cut_at=2)
    text = " ".join(render_preview(a_preview(row)).split())
    assert "the last 3 of 5 document tokens; what stays ends with “The cat”" in text
    page = render_html(a_preview(row))
    assert page.count("✂ 3 tokens cut") == 2  # in the text and in the tokens


def test_no_line_is_wider_than_a_terminal_of_80_columns():
    tokens = [PreviewToken(n, f" word{n}", False) for n in range(300)]
    wide = [PreviewToken(n, "漢字", True) for n in range(60)]
    row = a_row(prompt=tokens, target=wide, target_text="long " * 99, last_words="x " * 50)
    text = render_preview(a_preview(row, notes=["a note " * 20]))
    assert max(len(line) + sum(c > "⺀" for c in line) for line in text.splitlines()) <= 80
    assert " … 220 tokens … " in text


def test_control_characters_of_the_data_do_not_reach_the_terminal():
    assert visible("a\x1b[31m\tb\n") == "a\ufffd[31m⇥b⏎"
    row = a_row(target_text="\x1b[2J", prompt=[PreviewToken(5, "\x1b", False)])
    assert "\x1b" not in render_preview(a_preview(row))


def test_the_page_has_the_id_of_each_token_and_marks_those_that_are_trained():
    page = render_html(a_preview())
    assert '<span title="id 5, not trained">The</span>' in page
    assert '<span class="trained" title="id 7, trained">a</span>' in page
    assert '<span class="added" title="added by the chat template">&lt;|end|&gt;' in page


def test_markup_in_the_data_is_shown_as_text():
    row = a_row(target=[PreviewToken(7, "<script>", True)], target_text="<script>")
    assert "<script>" not in render_html(a_preview(row))


def test_an_encoder_and_a_decoder_have_tokens_of_their_own():
    preview = a_preview(encoder_decoder=True)
    lines = render_preview(preview).splitlines()
    assert lines[-4:] == ["  encoder", "    The| cat⏎|", "  decoder", "    [a][<|end|>]"]
    assert "Tokens of the decoder: underlined ones are trained" in render_html(preview)


def test_the_short_form_has_the_counts_and_the_ends_of_the_first_row():
    row = a_row(prompt=[PreviewToken(n, f" w{n}", False) for n in range(50)])
    short = render_short(a_preview(row, a_row(id="row-2"))).splitlines()
    assert short[0] == "row-1, the first row, as the model sees it; trained tokens in [ ]:"
    assert "row-2" not in "".join(short)
    assert " … 26 tokens … " in "".join(short)
    assert short[-2].endswith("[a][<|end|>]")
    assert len(short) < 20
