"""Score tables with confidence intervals, systems, baselines, breakdowns and the verdict."""
