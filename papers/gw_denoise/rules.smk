"""From strain and witnesses to cleaned strain, arXiv:2005.06534.

REQUIRED INPUTS:
    archive runs: none; rule fetch finds the frames and downloads them, the setting `archive` names its lists
    generated runs: none
OUTPUTS (below results/gw_denoise/<run>/):
    prepared_<task>.h5 · seed<k>/<task>/<method>/{model.pt, history.csv} · seed<k>/predictions.h5 ·
    seed<k>/metrics.json · figures/
"""

from common.workflow.paper import Paper
from papers.gw_denoise.settings import GENERATED_FILES, tasks_of

paper = Paper("gw_denoise", config)
FILES = [file for files in GENERATED_FILES.values() for file in files]
# Input function: the prepared file of each task of the run.
prepared = lambda w: [
    f"results/gw_denoise/{w.run}/prepared_{task}.h5"
    for task in tasks_of(paper.settings(w.run).methods())
]


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        files=paper.generated(*FILES),
        receipts=paper.generated_receipts(*FILES),
    log:
        paper.log("simulate"),
    benchmark:
        paper.benchmark("simulate")
    conda:
        paper.env("gw")
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell(
            "simulate", generated="folder", folders={"receipts": "receipts/generated"}
        )


rule fetch:
    input:
        code=paper.code("fetch"),
    output:
        receipt=paper.path("receipts/located/{task}.json"),
    log:
        paper.log("fetch", "task"),
    benchmark:
        paper.benchmark("fetch", "task")
    conda:
        paper.env("gw")
    params:
        config=lambda w: paper.settings(w.run).fetch.one(w.task).model_dump_json(),
        state=lambda w: paper.state_of(
            f"results/gw_denoise/{w.run}/receipts/located/{w.task}.json"
        ),
    shell:
        paper.shell("fetch", wildcards="task", outputs="receipt")


rule prepare:
    input:
        receipts=paper.receipts,
        code=paper.code("prepare"),
    output:
        prepared=paper.path("prepared_{task}.h5"),
    log:
        paper.log("prepare", "task"),
    benchmark:
        paper.benchmark("prepare", "task")
    conda:
        paper.env("gw")
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell(
            "prepare",
            wildcards="task",
            folders={"receipts": "receipts"},
            outputs="prepared",
        )


rule train:
    input:
        prepared=paper.path("prepared_{task}.h5"),
        code=paper.code("train"),
    output:
        model=paper.path("seed{seed}/{task}/{method}/model.pt"),
        history=paper.path("seed{seed}/{task}/{method}/history.csv"),
    log:
        paper.log("train", "task", "method", "seed"),
    benchmark:
        paper.benchmark("train", "task", "method", "seed")
    conda:
        paper.env("torch")
    threads: 1  # trainings side by side beat several threads for each
    params:
        config=paper.one,
    shell:
        paper.shell(
            "train",
            wildcards="task method seed",
            inputs="prepared",
            outputs="model history",
            threads=True,
        )


rule predict:
    input:
        prepared=prepared,
        models=paper.each_method("model.pt"),
        code=paper.code("predict"),
    output:
        predictions=paper.path("seed{seed}/predictions.h5"),
    log:
        paper.log("predict", "seed"),
    benchmark:
        paper.benchmark("predict", "seed")
    conda:
        paper.env("torch")
    threads: 1
    params:
        config=paper.section("predict"),
    shell:
        paper.shell(
            "predict",
            folders={"prepared": ".", "models": "seed{wildcards.seed}"},
            outputs="predictions",
            threads=True,
        )


rule evaluate:
    input:
        prepared=prepared,
        predictions=paper.path("seed{seed}/predictions.h5"),
        code=paper.code("evaluate"),
    output:
        metrics=paper.path("seed{seed}/metrics.json"),
    log:
        paper.log("evaluate", "seed"),
    benchmark:
        paper.benchmark("evaluate", "seed")
    conda:
        paper.env("gw")
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "evaluate",
            wildcards="seed",
            folders={"prepared": "."},
            inputs="predictions",
            outputs="metrics",
        )


rule figures:
    input:
        prepared=prepared,
        predictions=paper.each_seed("predictions.h5"),
        histories=paper.each_seed_and_method("history.csv"),
        metrics=paper.path("metrics.json"),
        code=paper.code("figures"),
        style="common/figures.mplstyle",
    output:
        paper.figures(),
    log:
        paper.log("figures"),
    benchmark:
        paper.benchmark("figures")
    conda:
        paper.env("gw")
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "figures",
            folders={"prepared": ".", "seeds": ".", "figures": "figures"},
            inputs="metrics",
        )
