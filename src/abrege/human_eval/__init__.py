"""People's and LLM judges' opinions: blind comparison, annotation review, agreement."""
