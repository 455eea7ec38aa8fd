"""The files that the rules need for the classifiers in the settings of a run."""

from typing import Any

from common.workflow.paper import Paper

from .settings import NETWORKS


class Experiments:
    """Input and parameter functions of rules.smk; wildcards are Snakemake's."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    def receipts(self, wildcards: Any) -> list[str]:
        """Return the receipts of a split's files: of its generated files, or of all that come from an archive."""
        found = self._paper.receipts(wildcards)
        if self._paper.settings(wildcards.run).source == "archive":
            return found
        return [receipt for receipt in found if receipt.rpartition("/")[2].startswith(f"{wildcards.split}_")]

    def one(self, wildcards: Any) -> str:
        """Return the settings of one training as JSON, so that a change of another one does not repeat it."""
        return str(self._paper.settings(wildcards.run).train.one(wildcards.method).model_dump_json())

    def predictions(self, wildcards: Any) -> list[str]:
        """Return the predictions of all classifiers of a seed."""
        return [
            f"results/nova_cvn/{wildcards.run}/seed{wildcards.seed}/{name}/predictions.h5"
            for name in self._names(wildcards)
        ]

    def all_predictions(self, wildcards: Any) -> list[str]:
        """Return the predictions of all classifiers of all seeds."""
        return [
            path
            for name in self._names(wildcards)
            for path in self._paper.per_seed(f"{name}/predictions.h5")(wildcards)
        ]

    def histories(self, wildcards: Any) -> list[str]:
        """Return the learning curves of all networks of all seeds."""
        names = [name for name in self._names(wildcards) if name.startswith("keras/")]
        return [path for name in names for path in self._paper.per_seed(f"{name}/history.csv")(wildcards)]

    def _names(self, wildcards: Any) -> list[str]:
        """Return "<folder>/<classifier>" of all classifiers; networks and baselines are scored by different stages."""
        experiments = self._paper.settings(wildcards.run).train.experiments
        return [f"{'keras' if e.kind in NETWORKS else 'baseline'}/{name}" for name, e in experiments.items()]
