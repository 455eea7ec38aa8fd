"""What must be true of the smoke run's metrics; the suite runs this after `snakemake papers/jet_images`."""


def check(metrics: dict) -> None:
    """Assert that all curves are there, that tau_21 separates, and that the flip leaves the mass as it is."""
    areas = {name.split(".")[1] for name in metrics if name.startswith("roc.") and name.endswith(".area")}
    assert {"mass", "tau21", "delta_r", "mass+tau21", "fisher", "convnet", "convnet_norm", "maxout"} <= areas
    assert {"mass+maxout", "step_particles", "step_naive_translation", "maxout_n60"} <= areas
    assert all(metrics[f"roc.{name}.area"]["value"] > 0 for name in areas)
    assert metrics["roc.tau21.area"]["value"] > 1.6  # a random choice has 1.39
    assert metrics["roc.step_flip.area"]["value"] == metrics["roc.step_translation.area"]["value"]
    assert 70 < metrics["sample.signal.mass.mean"]["value"] < 90
    for smaller, larger in (("tau21", "fisher"), ("maxout", "mass+maxout"), ("step_pixelation", "step_particles")):
        gap = metrics[f"roc.{larger}.area"]["value"] - metrics[f"roc.{smaller}.area"]["value"]
        assert abs(metrics[f"gap.{smaller}.{larger}"]["value"] - gap) < 1e-9
        assert metrics[f"gap.{smaller}.{larger}"]["error"] > 0
