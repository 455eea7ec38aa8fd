"""The article's optimiser: Caffe's stochastic gradient descent, and the steps of its learning rate."""

import math

import keras
import tensorflow as tf

from ..settings import StepConfig, TrainOne


def boundaries(config: StepConfig, *, n_train: int, n_iterations: int) -> list[int]:
    """Return the iterations at which the learning rate falls, scaled by the size of the training sample.

    Args:
        config: The article's steps, for `full_events` events.
        n_train: Number of training events.
        n_iterations: Length of the training; later steps are left out.
    """
    scale = n_train / config.full_events
    steps, now = [], 0.0
    lengths = iter(config.steps)
    while True:
        now += scale * next(lengths, config.last_step)
        if now >= n_iterations:
            return steps
        steps.append(round(now))


def learning_rate(
    start: float, config: StepConfig, *, n_train: int, n_iterations: int
) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """Return the stepped schedule; `start` is multiplied by `config.factor` at each boundary."""
    steps = boundaries(config, n_train=n_train, n_iterations=n_iterations)
    if not steps:
        return start
    values = [start * config.factor**number for number in range(len(steps) + 1)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(steps, values)


@keras.saving.register_keras_serializable("nova_cvn")
class CaffeSGD(keras.optimizers.SGD):
    """SGD with momentum; weights decay through the gradient, biases do not and learn twice as fast."""

    def __init__(self, learning_rate: object, *, decay: float, momentum: float, **options: object) -> None:
        """Take the L2 decay of the weights: d(loss)/dw = decay w."""
        super().__init__(learning_rate, momentum=momentum, **options)
        self.decay = decay

    def apply(self, grads: list[tf.Tensor], trainable_variables: list[keras.Variable] | None = None) -> None:
        """Change the gradients before they are used."""
        changed = [self._with_decay(*pair) for pair in zip(grads, trainable_variables or [], strict=True)]
        super().apply(changed, trainable_variables)

    def _with_decay(self, gradient: tf.Tensor, variable: keras.Variable) -> tf.Tensor:
        if variable.path.endswith("bias"):
            return 2.0 * gradient
        if variable.path.endswith("kernel"):
            return gradient + self.decay * tf.convert_to_tensor(variable)
        return gradient

    def get_config(self) -> dict[str, object]:
        """Return what is needed to build this optimiser again."""
        options = {name: value for name, value in super().get_config().items() if name != "weight_decay"}
        return options | {"decay": self.decay}


def compile_network(network: keras.Model, config: TrainOne, *, n_train: int) -> None:
    """Give a network the article's optimiser, with the schedule scaled to `n_train` events.

    `jit_compile=False` because XLA's convolutions on a CPU do not use oneDNN. On a machine without a GPU, Keras would
    decide the same by itself.
    """
    experiment = config.experiment
    n_iterations = experiment.epochs * math.ceil(n_train / experiment.batch)
    rate = learning_rate(experiment.learning_rate, config.schedule, n_train=n_train, n_iterations=n_iterations)
    optimiser = CaffeSGD(rate, decay=experiment.weight_decay, momentum=experiment.momentum)
    network.compile(optimiser, loss="sparse_categorical_crossentropy", jit_compile=False)
