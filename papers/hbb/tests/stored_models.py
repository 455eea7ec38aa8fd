"""Stored models read without the code of the training, and Keras without the seconds of its compilation."""

import zipfile
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import h5py
import numpy as np
import torch

from papers.hbb.archive import branches
from papers.hbb.model import taggers
from papers.hbb.model.scaling import Scaling
from papers.hbb.settings import ExperimentConfig

PLACES = {"tracks": 3, "vertices": 2}  # fewer than in the article: the recurrent layers take long


@contextmanager
def keras_quickly(*, scoring_batch=None):
    """Let Keras compute without compiling, which takes seconds for each network, and with fewer places."""
    import tensorflow as tf

    from papers.hbb.model import deep_double_b

    sizes = {"N_PLACES": PLACES} | ({"SCORING_BATCH": scoring_batch} if scoring_batch else {})
    tf.config.run_functions_eagerly(True)
    try:
        with ExitStack() as patches:
            patches.enter_context(patch.multiple(deep_double_b, **sizes))
            patches.enter_context(patch.object(tf.config.experimental, "enable_op_determinism"))
            for kind in (
                "intra",
                "inter",
            ):  # TensorFlow takes them once in a process, and another test may have used it
                patches.enter_context(patch.object(tf.config.threading, f"set_{kind}_op_parallelism_threads"))
            yield
    finally:
        tf.config.run_functions_eagerly(False)


def keras_weights(model):
    """Return the weights of a stored Keras network by layer and name, moving averages included."""
    found = {}
    with zipfile.ZipFile(model) as archive, archive.open("model.weights.h5") as stream, h5py.File(stream) as file:

        def visit(name, item):
            is_random = "seed_generator" in name or name.startswith("optimizer")
            if isinstance(item, h5py.Dataset) and not is_random:
                found[name] = item[:]

        file.visititems(visit)
    return found


def keras_score(model, jets):
    """Return the probability (jet,) of H of a stored Keras network."""
    import keras

    tracks = branches.TRACK_FEATURES
    of_btag = [k for k, name in enumerate(tracks) if name.startswith("trackBTag")]
    flight = [branches.VERTEX_FEATURES.index(name) for name in ("sv_d3d", "sv_d3dsig")]
    with keras_quickly():
        inputs = {"variables": jets["variables"], "tracks": jets["tracks"][..., of_btag]}
        network = keras.saving.load_model(model)
        return np.asarray(network(inputs | {"vertices": jets["vertices"][..., flight]}, training=False), float)[:, 1]


def torch_score(model, jets):
    """Return the probability (jet,) of H of a stored PyTorch network."""
    stored = torch.load(model, weights_only=False)
    experiment = ExperimentConfig(**stored["config"]["experiment"])
    network = taggers.build(experiment, "fast").double()
    network.load_state_dict(stored["weights"])
    network.eval()
    arrays = Scaling(**stored["scaling"]).apply({name: jets[name] for name in experiment.datasets()})
    with torch.no_grad():
        inputs = {name: value.double() if value.is_floating_point() else value for name, value in arrays.items()}
        return network(inputs).softmax(dim=1)[:, 1].numpy()
