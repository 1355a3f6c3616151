"""The verbs of the pipeline, one module each; no stage imports a stage."""

FROM_RAW = ("collect", "clean", "annotate")
"""The stages that a recipe has only where it begins with raw documents."""
STAGES = (*FROM_RAW, "split", "tune", "generate", "evaluate", "report")
