"""Which files the rules need for the splits and experiments that the settings of a run name."""

from collections.abc import Callable
from typing import Any

from common.workflow.paper import Paper

from .settings import KERAS


class Experiments:
    """Input and parameter functions of rules.smk; wildcards are Snakemake's."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    def receipt(self, wildcards: Any) -> str:
        """Return the receipt of the file that is prepared."""
        generated = self._paper.settings(wildcards.run).source == "generated"
        return f"results/hbb/{wildcards.run}/receipts/{'generated' if generated else 'located'}/{wildcards.file}.json"

    def prepared(self, split: str) -> Callable[[Any], list[str]]:
        """Return an input function: the prepared files of a split."""
        return lambda wildcards: [
            f"results/hbb/{wildcards.run}/prepared/{file}.h5"
            for file in self._paper.settings(wildcards.run).splits[split]
        ]

    def model(self, wildcards: Any) -> str:
        """Return the trained model of a method, whose suffix tells the framework."""
        suffix = "keras" if self._is_keras(wildcards) else "pt"
        return f"results/hbb/{wildcards.run}/seed{wildcards.seed}/{wildcards.method}/model.{suffix}"

    def environment(self, wildcards: Any) -> str:
        """Return the environment that scores a method."""
        return f"../../envs/{'tensorflow' if self._is_keras(wildcards) else 'torch'}.yaml"

    def predictions(self, wildcards: Any) -> list[str]:
        """Return the predictions of all methods of a seed."""
        seed = f"results/hbb/{wildcards.run}/seed{wildcards.seed}"
        return [f"{seed}/{name}/predictions.h5" for name in self._names(wildcards.run)]

    def all_predictions(self, wildcards: Any) -> list[str]:
        """Return the predictions of all methods of all seeds."""
        return self._of_all_seeds(wildcards, "predictions.h5")

    def histories(self, wildcards: Any) -> list[str]:
        """Return the learning curves of all methods of all seeds."""
        return self._of_all_seeds(wildcards, "history.csv")

    def one(self, wildcards: Any) -> str:
        """Return the settings of one training as JSON, so that a change of another one does not repeat it."""
        return str(self._paper.settings(wildcards.run).train.one(wildcards.method).model_dump_json())

    def _of_all_seeds(self, wildcards: Any, file: str) -> list[str]:
        names = self._names(wildcards.run)
        return [path for name in names for path in self._paper.per_seed(f"{name}/{file}")(wildcards)]

    def _names(self, run: str) -> list[str]:
        return list(self._paper.settings(run).train.experiments)

    def _is_keras(self, wildcards: Any) -> bool:
        return bool(self._paper.settings(wildcards.run).train.experiments[wildcards.method].kind == KERAS)
