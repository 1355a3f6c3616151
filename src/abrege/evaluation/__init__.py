"""Tables of scores with confidence intervals, baselines, breakdowns and a verdict."""
