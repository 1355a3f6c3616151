"""The verbs of the pipeline, one module each; no stage imports a stage."""
