"""The entries of metrics.json."""

Metrics = dict[str, dict[str, float]]


def entry(value: float, error: float, n: int) -> dict[str, float]:
    """Return one entry: a value, its statistical error, and the number of examples that it is measured on.

    Rates of few counts also have `low` and `high`, the 68 % interval, and `limit` (`common.physics.roc.rejection`).
    """
    return {"value": float(value), "error": float(error), "n": int(n)}
