"""Score the events of the splits valid and test with one network (arXiv:1604.01444, Sec. on the results).

model.keras and prepared files -> predictions.h5 with `valid` and `test` (event, 15), the pooled `features` of the first
test events, and the table of the `layers`. For the CVN there are also the first `filters` (view, plane, cell, filter),
and for the events that the attribute `examples` names the `feature_maps` after the first convolution of the Y view and
the `inception` maps of its first inception module, both (event, plane, cell, channel).
"""

import json

import h5py
import keras
import numpy as np

from common.atomic import atomic_output
from common.stage import parse, run
from common.training.keras_state import n_trained

from .metrics.examples import choose_examples
from .model import FEATURES
from .network.build import load
from .network.runtime import set_up
from .prepared.file import Prepared
from .prepared.labels import N_OUTPUTS
from .settings import PredictConfig

BATCH = 256
VIEW = "y"  # its tower is shown, as in the article


def probabilities(network: keras.Model, events: Prepared) -> np.ndarray:
    """Return the outputs (event, N_OUTPUTS) for all events."""
    outputs = np.zeros((len(events), N_OUTPUTS), np.float32)
    for part, hits in events.blocks(BATCH):
        outputs[part] = network.predict_on_batch(hits.images(events.shape))
    return outputs


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


def first_filters(network: keras.Model) -> np.ndarray:
    """Return the filters (view, plane, cell, filter) of the first convolution of both views."""
    kernels = [network.get_layer(f"conv1_{view}").kernel for view in ("x", "y")]
    return np.stack([np.asarray(kernel)[:, :, 0] for kernel in kernels])


def inner_maps(network: keras.Model, events: Prepared, index: list[int]) -> dict[str, np.ndarray]:
    """Return what two layers make of some events (at least one); the module's docstring has names and shapes."""
    shown = {"feature_maps": f"conv1_{VIEW}", "inception": f"inception_3a_{VIEW}"}
    inner = keras.Model(network.input, [network.get_layer(name).output for name in shown.values()])
    images = np.concatenate([events.hits(event, event + 1).images(events.shape) for event in index])
    maps = zip(shown, inner.predict_on_batch(images), strict=True)
    return {name: np.asarray(values, np.float32) for name, values in maps}


def main() -> None:
    """Score both splits, and look into the network."""
    arguments = parse(
        __doc__,
        section="predict",
        config=PredictConfig,
        paths=["valid", "test", "model", "predictions"],
        numbers=["threads"],
    )
    set_up(threads=arguments.threads, seed=0, precision="float32")
    network = load(arguments.model)
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file.attrs["n_parameters"] = n_trained(network)
        file.attrs["layers"] = json.dumps(layer_table(network))
        test = Prepared(arguments.test)
        file["valid"], file["test"] = probabilities(network, Prepared(arguments.valid)), probabilities(network, test)
        file["features"] = features(network, test, n_events=arguments.config.n_features)
        if network.name == "cvn":
            examples = choose_examples(test.interaction, np.diff(test.offset))
            file.attrs["examples"] = list(examples)
            file["filters"] = first_filters(network)
            for name, maps in (inner_maps(network, test, list(examples.values())) if examples else {}).items():
                file[name] = maps


if __name__ == "__main__":
    run(main)
