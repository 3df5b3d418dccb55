"""Who does which run where, and what survives.

`pool.WorkerPool` holds the workers of a launch, `grid.launch` hands them the runs of a grid (a search does so itself),
`execute.execute` is what a worker does with one `task.Task`. What is handed in: `options.LaunchOptions` (also the
function that trains), `monitor.Monitor` (who watches), `stop_rule.StopRule` (what stops a training early).
"""
