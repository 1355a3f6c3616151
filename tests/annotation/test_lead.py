from abrege.annotation.lead import LeadSplit, split_lead

REST = "Biographie\nElle naît à Lyon et meurt à Paris."


def test_the_text_before_the_first_heading_is_the_lead_and_is_removed_from_the_document():
    text = f"Ada est une langue.\n\nElle date de 1980.\n\n{REST}"
    assert split_lead(text, [(text.index("Biographie"), 2)]) == LeadSplit(
        "Ada est une langue. Elle date de 1980.", REST
    )


def test_a_document_that_begins_with_a_heading_or_has_nothing_after_its_lead_has_none():
    assert split_lead(REST, [(0, 2)]) is None
    assert split_lead("An introduction alone.", ()) is None
    text = "An introduction.\n\nHeading"
    assert split_lead(text, [(len(text), 2)]) is None


def test_without_headings_the_first_paragraph_is_the_lead_if_the_rest_is_twice_as_long():
    # Three words, then six and five.
    assert split_lead("\none two three\n\na b c d e f") == LeadSplit("one two three", "a b c d e f")
    assert split_lead("one two three\n\na b c d e") is None
