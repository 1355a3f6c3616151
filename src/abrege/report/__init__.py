"""The page people judge a run by: HTML and Markdown from plain facts. It never computes a score."""
