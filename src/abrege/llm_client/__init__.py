"""Other people's models, behind a server: asked to judge summaries, or to write them."""
