"""Words without a model: what a word and a sentence are in a language, stems, n-grams, LCS."""
