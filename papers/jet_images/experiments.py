"""Which files and settings the rules of arXiv:1511.05190 need for the networks that a run's settings name."""

from typing import Any

from common.workflow.paper import Paper

from .settings import Settings


class Experiments:
    """Input and parameter functions of rules.smk; wildcards are Snakemake's."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    def models(self, wildcards: Any) -> list[str]:
        """Return the trained model of each network of a seed, those of the learning curve included."""
        folder = f"results/jet_images/{wildcards.run}/seed{wildcards.seed}"
        return [f"{folder}/{name}/model.pt" for name in self._settings(wildcards.run).train.all_experiments()]

    def one(self, wildcards: Any) -> str:
        """Return the settings of one training as JSON, so that a change of another one does not repeat it."""
        return self._settings(wildcards.run).train.one(wildcards.method).model_dump_json()

    def _settings(self, run: str) -> Settings:
        settings = self._paper.settings(run)
        assert isinstance(settings, Settings)
        return settings
