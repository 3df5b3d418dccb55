"""What `benchmarks.gpu` measures, each job in a process of its own. Needs Keras, NumPy and the job's backend alone."""
