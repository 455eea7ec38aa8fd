"""From published scores to the comparison's table, and from jets to our own taggers, arXiv:1902.09914.

REQUIRED INPUTS:
    archive runs: the files of datasets.yaml that the setting `archive` names, fetched by the shared download rule
    generated runs: none
OUTPUTS (below results/top_tagging/<run>/):
    prepared.h5 · seed<k>/<method>/{model.pt, history.csv} · seed<k>/predictions.h5 · seed<k>/metrics.json · figures/
"""

from common.workflow.paper import Paper
from papers.top_tagging.archive import files

paper = Paper("top_tagging", config)


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        jets=paper.generated(*files.JETS.values()),
        labels=paper.generated(files.LABELS),
        scores=paper.generated(*files.SCORES.values()),
        receipts=paper.generated_receipts(*files.ALL),
    log:
        paper.log("simulate"),
    benchmark:
        paper.benchmark("simulate")
    conda:
        paper.env("hep")
    threads: 64  # as many generators side by side as there are cores
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell(
            "simulate",
            outputs="labels",
            folders={"receipts": "receipts/generated"},
            threads=True,
        )


rule prepare:
    input:
        receipts=paper.receipts,
        code=paper.code("prepare"),
    output:
        prepared=paper.path("prepared.h5"),
    log:
        paper.log("prepare"),
    benchmark:
        paper.benchmark("prepare")
    conda:
        paper.env("hep")
    threads: 64
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell(
            "prepare",
            folders={"receipts": "receipts"},
            outputs="prepared",
            threads=True,
        )


rule train:
    input:
        prepared=paper.path("prepared.h5"),
        code=paper.code("train"),
    output:
        model=paper.path("seed{seed}/{method}/model.pt"),
        history=paper.path("seed{seed}/{method}/history.csv"),
    log:
        paper.log("train", "method", "seed"),
    benchmark:
        paper.benchmark("train", "method", "seed")
    conda:
        paper.env("torch")
    threads: 1  # trainings side by side beat several threads for each
    params:
        config=paper.one,
    shell:
        paper.shell(
            "train",
            wildcards="seed method",
            inputs="prepared",
            outputs="model history",
            threads=True,
        )


rule predict:
    input:
        prepared=paper.path("prepared.h5"),
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
            inputs="prepared",
            folders={"models": "seed{wildcards.seed}"},
            outputs="predictions",
            threads=True,
        )


rule evaluate:
    input:
        prepared=paper.path("prepared.h5"),
        predictions=paper.path("seed{seed}/predictions.h5"),
        code=paper.code("evaluate"),
    output:
        metrics=paper.path("seed{seed}/metrics.json"),
    log:
        paper.log("evaluate", "seed"),
    benchmark:
        paper.benchmark("evaluate", "seed")
    conda:
        paper.env("core")
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell("evaluate", inputs="prepared predictions", outputs="metrics")


rule figures:
    input:
        prepared=paper.path("prepared.h5"),
        predictions=paper.each_seed("predictions.h5"),
        histories=paper.each_seed_and_method("history.csv"),
        metrics=paper.path("metrics.json"),
        published="papers/top_tagging/published.yaml",
        code=paper.code("figures"),
        style="common/figures.mplstyle",
    output:
        paper.figures(),
    log:
        paper.log("figures"),
    benchmark:
        paper.benchmark("figures")
    conda:
        paper.env("core")
    shell:
        paper.shell(
            "figures",
            inputs="prepared metrics published",
            folders={"seeds": ".", "figures": "figures"},
        )
