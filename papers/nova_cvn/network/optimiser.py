"""Caffe's stochastic gradient descent as arXiv:1604.01444 trains with, and its steps of the learning rate."""

import keras
import tensorflow as tf

from papers.nova_cvn.settings import StepConfig


def boundaries(config: StepConfig, *, n_train: int, n_iterations: int) -> list[int]:
    """Return the iterations at which the learning rate falls, scaled by the size of the training sample.

    Args:
        config: The article's steps, for `full_events` events.
        n_train: Training events.
        n_iterations: Where to stop.
    """
    scale = n_train / config.full_events
    found, now = [], 0.0
    lengths = iter(config.steps)
    while True:
        now += scale * next(lengths, config.last_step)
        if now >= n_iterations:
            return found
        found.append(round(now))


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
        """Remember the L2 decay of the weights, d(loss)/dw = decay w."""
        super().__init__(learning_rate, momentum=momentum, **options)
        self.decay = decay

    def apply(self, grads: list[tf.Tensor], trainable_variables: list[keras.Variable] | None = None) -> None:
        """Change the gradients before they are used."""
        changed = [self._changed(*pair) for pair in zip(grads, trainable_variables or [], strict=True)]
        super().apply(changed, trainable_variables)

    def _changed(self, gradient: tf.Tensor, variable: keras.Variable) -> tf.Tensor:
        if variable.path.endswith("bias"):
            return 2.0 * gradient
        if variable.path.endswith("kernel"):
            return gradient + self.decay * tf.convert_to_tensor(variable)
        return gradient

    def get_config(self) -> dict[str, object]:
        """Return what is needed to build this optimiser again."""
        own = {name: value for name, value in super().get_config().items() if name != "weight_decay"}
        return own | {"decay": self.decay}
