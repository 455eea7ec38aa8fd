"""All networks once more in NumPy, layer by layer as the article and its baselines describe them, from stored weights.

Nothing here is shared with model/: an activation that is lost there, or in the modules that its formulations have in
common, shows as another score.
"""

import numpy as np


def relu(values):
    return np.maximum(values, 0)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def normalised(values, weights, *, epsilon):
    """Return batch-normalised values (..., feature); weights are gamma, beta, moving mean, moving variance."""
    gamma, beta, mean, variance = weights
    return (values - mean) / np.sqrt(variance + epsilon) * gamma + beta


def linear(values, weights, name):
    return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def three_layers(values, weights, name):
    """A ReLU after each of three layers, the last one included."""
    for number in (0, 2, 4):
        values = relu(linear(values, weights, f"{name}.{number}"))
    return values


def interaction_scores(weights, jets, senders):
    """Return the scores (jet, class) of the interaction network, pair by pair.

    Args:
        weights: Of the state by name.
        jets: "tracks" and all collections (jet, place, feature).
        senders: Names of the collections that send, the tracks first.
    """
    scores = []
    for jet, tracks in enumerate(jets["tracks"]):
        total = 0
        for i, receiver in enumerate(tracks):
            inputs = [receiver]
            for name in senders:
                others = [x for j, x in enumerate(jets[name][jet]) if name != "tracks" or i != j]
                pairs = np.stack([np.concatenate([receiver, x]) for x in others])
                inputs.append(three_layers(pairs, weights, f"interact.{name}").sum(axis=0))
            total = total + three_layers(np.concatenate(inputs), weights, "output")
        scores.append(linear(total, weights, "classify"))
    return np.array(scores)


def variables_scores(weights, variables):
    """Return the scores (jet, class) of the 27-variable network: batch normalisation, 64, 32, 32, 2."""
    batch_norm = [weights[f"layers.0.{name}"] for name in ("weight", "bias", "running_mean", "running_var")]
    values = normalised(variables, batch_norm, epsilon=1e-5)
    for number in (1, 3, 5):
        values = relu(linear(values, weights, f"layers.{number}"))
    return linear(values, weights, "layers.7")


def adversary_scores(weights, summary):
    """Return the scores (jet, bin) of the adversary: 64, 64, 64 with a ReLU each, then 40 bins."""
    values = summary
    for number in (0, 2, 4):
        values = relu(linear(values, weights, f"layers.{number}"))
    return linear(values, weights, "layers.6")


def gru_backwards(values, weights):
    """Return the last state (jet, memory) of a GRU that reads (jet, place, feature) from the last place to the first.

    The reset gate acts before the recurrent product, as in the original publication (Cho et al., arXiv:1406.1078).
    """
    kernel, recurrent, bias = weights
    size = len(recurrent)
    update, reset, candidate = (slice(k * size, (k + 1) * size) for k in range(3))
    state = np.zeros((len(values), size))
    for place in reversed(range(values.shape[1])):
        x = values[:, place] @ kernel + bias
        z = sigmoid(x[:, update] + state @ recurrent[:, update])
        r = sigmoid(x[:, reset] + state @ recurrent[:, reset])
        new = np.tanh(x[:, candidate] + (r * state) @ recurrent[:, candidate])
        state = z * state + (1 - z) * new
    return state


def double_b_probabilities(layers, inputs):
    """Return the probabilities (jet, class) of the DeepDoubleB-like network.

    Args:
        layers: Weights of a layer by kind, in the order of the network: lists of lists of arrays.
        inputs: "variables" (jet, 27), "tracks" (jet, place, 8), "vertices" (jet, place, 2).
    """
    summaries = []
    for name in ("tracks", "vertices"):
        number = layers["inputs"].index(name)
        values = normalised(inputs[name], layers["normalisation"][number], epsilon=1e-3)
        for (kernel,) in layers["convolution"][name]:
            values = relu(values @ kernel[0])
        summaries.append(gru_backwards(values, layers["gru"][name]))
    number = layers["inputs"].index("variables")
    variables = normalised(inputs["variables"], layers["normalisation"][number], epsilon=1e-3)
    (first, first_bias), (last, last_bias) = layers["dense"]
    values = relu(np.concatenate([variables, *summaries], axis=1) @ first + first_bias)
    scores = np.exp(values @ last + last_bias)
    return scores / scores.sum(axis=1, keepdims=True)
