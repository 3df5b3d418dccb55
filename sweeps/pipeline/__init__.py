"""One run as steps from values to files: load, train, encode, score, sample, draw. Knows neither MLflow nor sweeps.

`compute.compute` does it all in a folder; `folder` names the files there.
"""
