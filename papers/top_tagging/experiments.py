"""Which files the rules of arXiv:1902.09914 need for the experiments that a run's settings name."""

from typing import Any

from common.workflow.paper import Paper


class Experiments:
    """Input and parameter functions of rules.smk; wildcards are Snakemake's."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    def models(self, wildcards: Any) -> list[str]:
        """Return the trained model of each tagger of a seed; none where only published scores are judged."""
        folder = f"results/top_tagging/{wildcards.run}/seed{wildcards.seed}"
        return [f"{folder}/{name}/model.pt" for name in self._methods(wildcards.run)]

    def histories(self, wildcards: Any) -> list[str]:
        """Return the learning curve of each tagger of each seed."""
        names = self._methods(wildcards.run)
        return [file for name in names for file in self._paper.per_seed(f"{name}/history.csv")(wildcards)]

    def names(self, wildcards: Any) -> str:
        """Return the methods of the run, separated by commas."""
        return ",".join(self._methods(wildcards.run))

    def one(self, wildcards: Any) -> str:
        """Return the settings of one training as JSON, so that a change of another one does not repeat it."""
        return str(self._paper.settings(wildcards.run).train.one(wildcards.method).model_dump_json())

    def _methods(self, run: str) -> list[str]:
        return list(self._paper.settings(run).train.experiments)
