"""docs/findings.md: its tables and figures, made from experiments/results/ alone. `python -m benchmarks.findings`."""
