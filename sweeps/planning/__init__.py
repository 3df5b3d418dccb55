"""What a sweep consists of and how far it is: `plan.grid_runs` gives each `plan.SweepRun` with its state."""
