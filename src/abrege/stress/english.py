"""The English suite: its templates, and the values that fill them."""

from abrege.stress import empty as nothing
from abrege.stress import (
    english_corrected,
    english_denied,
    english_doers,
    english_filler,
    english_foreign,
    english_injection,
    english_shapes,
    english_turns,
    foreign,
)
from abrege.stress.filler import Filler
from abrege.stress.templates import Template, Values

VALUES: Values = {
    "age": (8, 9, 10, 11, 12, 13, 14),
    "class": (3, 4, 5, 6, 7, 8),
    "count": (14, 18, 22, 25, 35, 48, 55, 64),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "filler": Filler(
        "en",
        english_filler.PARAGRAPHS,
        english_filler.PEOPLE,
        english_filler.PLACES,
        english_filler.THINGS,
        english_filler.DAYS,
    ),
    "hall": (
        "the library",
        "the town hall",
        "the museum",
        "the old mill",
        "the village school",
        "the market hall",
        "the boathouse",
        "the parish room",
    ),
    "he": ("Tom", "Daniel", "Marcus", "Peter", "Omar", "Victor", "Simon", "Hugh", "Arthur"),
    "hour": ("2 pm", "3 pm", "4 pm", "4:30 pm", "5 pm", "5:30 pm", "6 pm", "6:30 pm", "7 pm"),
    "month": ("January", "February", "April", "June", "September", "October", "November"),
    "pair": (
        ("Marina", "Marianne"),
        ("Ellen", "Helen"),
        ("Martin", "Marvin"),
        ("Carla", "Clara"),
        ("Steven", "Stefan"),
        ("Lena", "Lina"),
        ("Julian", "Julius"),
        ("Alice", "Alicia"),
    ),
    "price": ("£120", "£140", "£180", "£220", "£260", "£300", "£340"),
    "seats": (9, 11, 12, 13, 14, 15, 16, 17),
    "she": ("Hannah", "Lucy", "Ruth", "Priya", "Megan", "Olivia", "Grace", "Sofia", "Nadia"),
    "surname": ("Harris", "Bennett", "Okafor", "Walker", "Foster", "Hughes", "Patel", "Wright"),
    "twin": (
        ("Brown", "Browning"),
        ("Harper", "Hooper"),
        ("Mason", "Manson"),
        ("Warren", "Warner"),
        ("Coleman", "Colman"),
        ("Dawes", "Davies"),
    ),
    **foreign.VALUES,
    **nothing.VALUES,
}
"""What fills the slots. No two hours are half a day apart, so that `at 3` is never two of them."""

TEMPLATES: tuple[Template, ...] = (
    *english_corrected.TEMPLATES,
    *english_denied.TEMPLATES,
    *english_doers.TEMPLATES,
    *english_turns.TEMPLATES,
    *english_shapes.TEMPLATES,
    *english_foreign.TEMPLATES,
    *english_injection.TEMPLATES,
    *nothing.templates(
        ("There is no text to summarise.", "The document is empty."),
        (
            "Anna met Tom at 5 pm to talk about the party.",
            "The man went to the shop and bought bread.",
        ),
    ),
)
