"""The stages of the pipeline, one module each; `tasks` of each returns its tasks."""
