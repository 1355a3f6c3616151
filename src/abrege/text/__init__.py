"""Text without a model: words and sentences of a language, stems, n-grams, LCS, names, dates."""
