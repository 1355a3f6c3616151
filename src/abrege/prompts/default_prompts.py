"""The plain request for a summary in each language, and the word that says where it begins."""

REQUESTS = {
    "en": "Summarize the following text.\n\n{document}",
    "fr": "Résume le texte suivant.\n\n{document}",
    "de": "Fasse den folgenden Text zusammen.\n\n{document}",
    "es": "Resume el texto siguiente.\n\n{document}",
    "it": "Riassumi il testo seguente.\n\n{document}",
    "pt": "Resuma o texto seguinte.\n\n{document}",
}

ANSWERS = {
    "en": "Summary:",
    "fr": "Résumé :",
    "de": "Zusammenfassung:",
    "es": "Resumen:",
    "it": "Riassunto:",
    "pt": "Resumo:",
}
