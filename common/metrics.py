"""The entries of metrics.json."""

Metrics = dict[str, dict[str, float]]


def entry(value: float, error: float, n: int) -> dict[str, float]:
    """Return one entry: a value, its statistical error, and the number of examples that it is measured on."""
    return {"value": float(value), "error": float(error), "n": int(n)}
