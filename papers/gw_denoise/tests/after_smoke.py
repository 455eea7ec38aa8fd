"""What must be true of the smoke run's metrics; the suite runs this after `snakemake papers/gw_denoise`."""

LINE_REMOVED = 5  # the line is smaller by at least this factor


def check(metrics: dict) -> None:
    """Assert that every method removes the line, only the non-linear ones the sidebands, and none beats the limit."""
    lines = {name.split(".")[1] for name in metrics if name.startswith("lines.")}
    assert {"none", "wiener", "bilinear", "autoencoder", "slow_fast", "oracle"} <= lines
    for method in lines - {"none"}:
        assert metrics[f"lines.{method}.line_suppression"]["value"] > LINE_REMOVED, method
    for method in lines:
        eta = metrics[f"lines.{method}.eta"]
        assert eta["value"] <= 1 + 3 * eta["error"] + 1e-9, f"{method} beats the limit: has it seen the test data?"
    assert metrics["lines.wiener.eta"]["value"] < 0.1
    assert all(metrics[f"lines.{method}.eta"]["value"] > 0.4 for method in ("bilinear", "autoencoder", "slow_fast"))
    assert metrics["broadband.wiener.snr_gain_percent"]["value"] > 10
    limit = metrics["broadband.oracle.snr_gain_percent"]
    for method in ("wiener", "autoencoder"):
        gain = metrics[f"broadband.{method}.snr_gain_percent"]
        assert gain["value"] <= limit["value"] + 3 * (gain["error"] ** 2 + limit["error"] ** 2) ** 0.5, method
