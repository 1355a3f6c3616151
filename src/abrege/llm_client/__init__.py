"""A client of OpenAI-compatible servers: retry, rate limits, concurrency and a response cache."""
