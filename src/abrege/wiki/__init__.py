"""MediaWiki dumps and live wikis: pages, wikitext, templates."""
