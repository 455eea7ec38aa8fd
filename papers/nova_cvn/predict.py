"""Score the events of the splits valid and test with one network (arXiv:1604.01444, Sec. on the results).

model.keras and prepared files -> scores.h5 with `valid` and `test` (event, 15), the pooled `features` of the first test
events, the `layers` of the network, and for the CVN what the figures of its inside show: the first `filters`
(view, plane, cell, filter), and for example events the `feature_maps` after the first convolution of the Y view and the
`inception` maps of its first inception module.
"""

import json

import h5py
import keras
import numpy as np

from common.atomic import atomic_output
from common.stage import parse, run
from papers.nova_cvn.cache import Prepared
from papers.nova_cvn.classes import N_OUTPUTS
from papers.nova_cvn.examples import EXAMPLES, choose_examples
from papers.nova_cvn.network import FEATURES, n_trained, set_up
from papers.nova_cvn.settings import PredictConfig

BATCH = 256
VIEW = "y"  # whose inside is shown, as in the article


def probabilities(network: keras.Model, events: Prepared) -> np.ndarray:
    """Return the outputs (event, N_OUTPUTS) for all events."""
    found = np.zeros((len(events), N_OUTPUTS), np.float32)
    for part, hits in events.blocks(BATCH):
        found[part] = network.predict_on_batch(hits.images(events.shape))
    return found


def layer_table(network: keras.Model) -> list[dict[str, object]]:
    """Return name, kind, output shape, inputs and number of parameters of every layer, in order."""
    table = []
    for layer in network.layers:
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        table.append(
            {
                "name": layer.name,
                "kind": type(layer).__name__,
                "shape": list(layer.output.shape[1:]),
                "inputs": [tensor._keras_history.operation.name for tensor in inputs],
                "n_parameters": int(sum(np.prod(weight.shape) for weight in layer.trainable_weights)),
            }
        )
    return table


def features(network: keras.Model, events: Prepared, *, n_events: int) -> np.ndarray:
    """Return the pooled features (event, feature) of the first events."""
    pooled = keras.Model(network.input, network.get_layer(FEATURES).output)
    n_events = min(n_events, len(events))
    parts = [
        np.asarray(pooled.predict_on_batch(events.hits(start, min(start + BATCH, n_events)).images(events.shape)))
        for start in range(0, n_events, BATCH)
    ]
    return np.concatenate(parts).astype(np.float32)


def inside(network: keras.Model, events: Prepared) -> dict[str, np.ndarray]:
    """Return filters and maps of the example events by name; see the module's docstring for the shapes."""
    wanted = {"feature_maps": f"conv1_{VIEW}", "inception": f"inception_3a_{VIEW}"}
    maps = keras.Model(network.input, [network.get_layer(name).output for name in wanted.values()])
    chosen = choose_examples(events.interaction, np.diff(events.offset))
    images = np.concatenate([events.hits(event, event + 1).images(events.shape) for event in chosen.values()])
    found = dict(zip(wanted, maps.predict_on_batch(images), strict=True))
    kernels = [network.get_layer(f"conv1_{view}").kernel for view in ("x", "y")]
    filters = np.stack([np.asarray(kernel)[:, :, 0] for kernel in kernels])
    return {"filters": filters, **{name: np.asarray(values, np.float32) for name, values in found.items()}}


def main() -> None:
    """Read, score, write."""
    arguments = parse(
        __doc__, config=PredictConfig, paths=["valid", "test", "model", "predictions"], numbers=["threads"]
    )
    set_up(threads=arguments.threads, seed=0, precision="float32")
    network = keras.saving.load_model(arguments.model, compile=False)
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file.attrs["n_parameters"] = n_trained(network)
        file.attrs["layers"] = json.dumps(layer_table(network))
        test = Prepared(arguments.test)
        file["valid"], file["test"] = probabilities(network, Prepared(arguments.valid)), probabilities(network, test)
        file["features"] = features(network, test, n_events=arguments.config.n_features)
        if network.name == "cvn":
            for name, values in inside(network, test).items():
                file[name] = values
            file.attrs["examples"] = list(EXAMPLES)


if __name__ == "__main__":
    run(main)
