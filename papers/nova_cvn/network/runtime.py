"""How TensorFlow runs: threads, seeds, precision."""

import keras
import tensorflow as tf


def set_up(*, threads: int, seed: int, precision: str) -> None:
    """Make runs repeatable, on a number of threads, in float32 or mixed with bfloat16."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)  # the operations of a layer follow each other anyway
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    keras.config.set_dtype_policy(precision)
