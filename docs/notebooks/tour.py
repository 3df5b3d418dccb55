# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tour
#
# What the command line does, from Python: score an embedding, train one autoencoder, run a sweep and compare it, draw
# faces. Everything here is synthetic and small, a few minutes on two cores; so short trainings say nothing.

# %% [markdown]
# ## 1. How normal is my embedding?
#
# `metrics` takes any array of n points by d components, whatever made it. Here scikit-learn's digits through PCA.

# %%
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from metrics import score

embedding = PCA(n_components=20).fit_transform(load_digits().data)
score(embedding)

# %% [markdown]
# 1 is perfect. Beside each value stands what normal clouds of the same size get from the same code, and how many of
# their standard deviations the gap is. The ten clusters of digits show in the contours most of all.

# %% [markdown]
# ## 2. One autoencoder
#
# The built-in synthetic faces, a small network, and what its latent vectors score.

# %%
import numpy as np
from PIL import Image

from cae import DataConfig, fit, load
from cae.faces import grid

faces = load(DataConfig(name="synthetic", resolution=64, size=1_500))
shape = {"maps": (16, 32, 64), "latent_dim": 32, "activation": "tanh"}
network = fit(faces, **shape, learning_rate=2e-3, epochs=8)
network.history

# %%
score(network.latents, families=("marginal", "contour", "radius", "origin"))

# %% [markdown]
# Pictures it has not seen, what it makes of them, and faces of random normal latent vectors.

# %%
held_out = faces.images[faces.test[:8]]
rows = [held_out, network.decode(network.encode(held_out)), network.sample(8)]
labels = ("held out", "reconstructed", "drawn")
Image.fromarray(grid(np.concatenate(rows), "One autoencoder", labels=labels))

# %% [markdown]
# ## 3. A sweep of four cells
#
# A sweep made in Python is as good as one in a file, and `save` writes it as one. Each run is trained in a process of
# its own, recorded in MLflow and measured beside its untrained self; what is finished is not run again.

# %%
from sweeps import Sweep, compare, run

sweep = Sweep(
    name="tour",
    description="Do activation and batch normalization matter?",
    parameters={
        "data.size": {"value": 1_500},
        "data.resolution": {"value": 64},
        "model.maps": {"value": [16, 32, 64]},
        "model.latent_dim": {"value": 32},
        "model.activation": {"values": ["leaky_relu", "tanh"]},
        "model.batch_norm": {"values": [False, True]},
        "training.learning_rate": {"value": 2e-3},
        "training.epochs": {"value": 8},
        "analysis.face_detector": {"value": False},
        "analysis.judged_faces": {"value": 32},
    },
)
runs = run(sweep, progress=False)
runs[["model.activation", "model.batch_norm", "state", "mnd/radius_agreement", "reconstruction/mse"]]

# %%
compared = compare(sweep)
compared

# %% [markdown]
# With one seed nothing can be told from noise, and the comparison says so:

# %%
print(*compared.limitations, sep="\n")

# %% [markdown]
# ## 4. Faces
#
# New ones of the best run by any method; `faces` downloads the grids of every run.

# %%
from sweeps import sample

sample(sweep, best=True, method="mnd", count=16, mnd_sigma=0.8)

# %%
from tempfile import mkdtemp

from sweeps import faces as download

grids = download(sweep, mkdtemp(), top=1)
{run: f"{len(files)} files, such as {files[-1].name}" for run, files in grids.items()}
