"""Define a sweep, plan it, run it, record it."""

import os

# TensorFlow's information is for its developers; warnings and errors stay.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Else it takes all of a GPU's memory at once, and nothing can tell how much of it is free for the images.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
