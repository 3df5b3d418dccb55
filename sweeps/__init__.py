"""Define a sweep, plan it, run it, record it."""

import os

# TensorFlow's information is for its developers; warnings and errors stay.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
