"""BLEU's n-gram precisions and brevity penalty, as lines below a table of scores."""

from collections.abc import Mapping

from abrege.evaluation.systems import get_system
from abrege.report.evaluation_model import SystemScores


def bleu_notes(systems: Mapping[str, SystemScores]) -> list[str]:
    """Return each system's n-gram precisions and brevity penalty, where BLEU was computed."""
    notes = []
    for system, scores in systems.items():
        bleu = scores.get("bleu")
        if bleu and bleu.parts:
            precisions = " / ".join(f"{100 * bleu.parts[f'precision{n}']:.1f}" for n in range(1, 5))
            notes.append(
                f"BLEU of {get_system(system).label}: precisions of 1 to 4 words {precisions}, "
                f"brevity penalty {bleu.parts['brevity_penalty']:.3f}"
            )
    return notes
