"""`python -m cae` is the console script `cae`, for environments that do not put it on the path."""

from importlib.metadata import entry_points

# By its name as installed: this package does not know the one that has the command line.
(script,) = entry_points(group="console_scripts", name="cae")
script.load()(prog_name="cae")
