"""Images to latent vectors and back, and how good the way back is."""

from __future__ import annotations

import keras
import numpy as np

from cae.datasets.imageset import ImageSet
from cae.loops import fastest_outputs
from cae.loops.feed import Feed
from cae.loops.order import in_turn

BATCH = 512
# One seed for all runs, and not that of sampling's draws: a generated point must not be an image's own by construction.
POSTERIOR_SEED = 20131220


class NonFiniteLatents(RuntimeError):
    """The encoder gave NaN or infinity; the message says for how many images."""


def encode(encoder: keras.Model, images: np.ndarray, indices: np.ndarray, batch_size: int = BATCH) -> np.ndarray:
    """float32 (len(indices), d): the latent vectors of these images, in the order of `indices`.

    Of a variational encoder: one random point of each image's posterior distribution, for these are what the KL term
    shapes and the decoder knows. An image's draw depends on its index and d alone.
    images: uint8 (n, h, w, 3), may be a memory map; read in batches. Raises NonFiniteLatents.
    """
    if not any(layer.name == "log_variance" for layer in encoder.layers):
        return posterior_means(encoder, images, indices, batch_size)
    heads = [encoder.get_layer(name).output for name in ("latent", "log_variance")]
    both = keras.Model(encoder.input, keras.layers.Concatenate(dtype="float32")(heads))
    mean, log_variance = np.split(_outputs(both, images, indices, batch_size), 2, axis=1)
    noise = [np.random.default_rng([POSTERIOR_SEED, index]).standard_normal(mean.shape[1]) for index in indices]
    with np.errstate(over="ignore"):  # _finite says so, and what to do
        sd = np.exp(log_variance / 2)
    return _finite(mean + sd * np.stack(noise).astype(np.float32))


def posterior_means(
    encoder: keras.Model, images: np.ndarray, indices: np.ndarray, batch_size: int = BATCH
) -> np.ndarray:
    """float32 (len(indices), d): the encoder's own output, for reconstructions and for encoding generated pictures.

    Of a variational encoder the means of the posterior distributions, of a plain one the same as `encode`, where the
    rest is said.
    """
    return _finite(_outputs(encoder, images, indices, batch_size))


def _outputs(model: keras.Model, images: np.ndarray, indices: np.ndarray, batch_size: int) -> np.ndarray:
    if len(indices) and (on_accelerator := fastest_outputs()):
        # Only what a training put there stays in the device's memory: what is encoded once takes no other set's place.
        return on_accelerator(model, Feed(images, room=0), in_turn(indices, batch_size))
    outputs = np.empty((len(indices), model.output_shape[-1]), np.float32)
    for start in range(0, len(indices), batch_size):
        chunk = indices[start : start + batch_size]
        outputs[start : start + len(chunk)] = keras.ops.convert_to_numpy(model.predict_on_batch(images[chunk]))
    return outputs


def _finite(latents: np.ndarray) -> np.ndarray:
    bad = int((~np.isfinite(latents)).any(axis=1).sum())
    if bad:
        raise NonFiniteLatents(f"{bad} of {len(latents)} latent vectors are not finite; lower training.learning_rate")
    return latents


def decode(decoder: keras.Model, latents: np.ndarray, batch_size: int = BATCH) -> np.ndarray:
    """uint8 (n, h, w, 3): the pictures of float (n, d) latent vectors."""
    pictures = np.empty((len(latents), *decoder.output_shape[1:]), np.uint8)
    for start in range(0, len(latents), batch_size):
        batch = keras.ops.convert_to_numpy(decoder.predict_on_batch(latents[start : start + batch_size]))
        pictures[start : start + len(batch)] = np.rint(batch * 255)
    return pictures


def reconstruction(
    decoder: keras.Model, images: ImageSet, latents: np.ndarray, ssim_images: int = 500, batch_size: int = BATCH
) -> dict[str, float]:
    """How near the pictures of the held-out latent vectors come to their images; colors in [0, 1].

    bce: mean binary cross-entropy per color value (its floor is the images' own entropy, not 0; a color that is wrong
    beyond 1e-7 counts 16.1). mse: mean squared error. ssim: mean structural similarity, -1 ... 1, 1 = identical, on the
    first `ssim_images` held-out images, with the Gaussian window of Wang et al. (2004). Cost: one decoding of all,
    about 2 ms an image for ssim.
    """
    bce, mse = 0.0, 0.0
    ssim: list[float] = []
    for start in range(0, len(latents), batch_size):
        part = latents[start : start + batch_size]
        pixels = images.images[images.test[start : start + batch_size]].astype(np.float32) / 255
        pictures = keras.ops.convert_to_numpy(decoder.predict_on_batch(part))
        safe = np.clip(pictures, 1e-7, 1 - 1e-7)
        bce -= float(np.sum(np.mean(pixels * np.log(safe) + (1 - pixels) * np.log1p(-safe), axis=(1, 2, 3))))
        mse += float(np.sum(np.mean((pixels - pictures) ** 2, axis=(1, 2, 3))))
        few = max(0, ssim_images - len(ssim))
        ssim += [_ssim(a, b) for a, b in zip(pixels[:few], pictures[:few], strict=True)]
    return {"bce": bce / len(latents), "mse": mse / len(latents), "ssim": float(np.mean(ssim))}


def mean_image_error(images: ImageSet, batch_size: int = BATCH) -> float:
    """Mean squared error of the training images' mean as the picture of each held-out image; colors in [0, 1].

    0 and up, 0 = all images are that mean. What a network reaches that has learned what all images have in common and
    nothing else. Cost: one pass over all.
    """
    total = np.zeros(images.images.shape[1:])
    for start in range(0, len(images.train), batch_size):
        total += images.images[images.train[start : start + batch_size]].sum(axis=0, dtype=np.int64)
    mean, error = total / len(images.train) / 255, 0.0
    for start in range(0, len(images.test), batch_size):
        pixels = images.images[images.test[start : start + batch_size]] / 255
        error += float(((pixels - mean) ** 2).mean(axis=(1, 2, 3)).sum())
    return error / len(images.test)


def _ssim(image: np.ndarray, picture: np.ndarray) -> float:
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            image,
            picture,
            channel_axis=2,
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )
