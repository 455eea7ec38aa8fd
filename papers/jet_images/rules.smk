"""From Pythia or the public file to the article's curves and pictures, arXiv:1511.05190.

REQUIRED INPUTS:
    archive runs: the file of datasets.yaml, fetched and verified by the shared download rule
    generated runs: none
    papers/jet_images/curves/*.csv: the authors' curves, read from their figures
OUTPUTS (below results/jet_images/<run>/):
    prepared.h5 · seed<k>/<method>/{model.pt, history.csv} · seed<k>/predictions.h5 ·
    seed<k>/{metrics.json, curves.h5} · figures/
"""

from common.workflow.paper import Paper
from papers.jet_images.settings import IMAGES_FILE, STEPS_FILE

paper = Paper("jet_images", config)
CURVES = expand("papers/jet_images/curves/{name}.csv", name=["roc", "distributions"])


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        images=paper.generated(IMAGES_FILE),
        steps=paper.generated(STEPS_FILE),
        receipts=paper.generated_receipts(IMAGES_FILE, STEPS_FILE),
    log:
        paper.log("simulate"),
    benchmark:
        paper.benchmark("simulate")
    conda:
        paper.env("hep")
    threads: 64  # at most; one generator per core
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell("simulate", outputs="images steps receipts", threads=True)


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
        paper.env("core")
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell("prepare", folders={"receipts": "receipts"}, outputs="prepared")


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
    threads: 1  # several trainings at a time are faster than several threads for each
    params:
        config=paper.one,
    shell:
        paper.shell(
            "train",
            wildcards="method seed",
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
            wildcards="seed",
            inputs="prepared",
            folders={"models": "seed{wildcards.seed}"},
            outputs="predictions",
            threads=True,
        )


rule evaluate:
    input:
        prepared=paper.path("prepared.h5"),
        predictions=paper.path("seed{seed}/predictions.h5"),
        reference=CURVES,
        code=paper.code("evaluate"),
    output:
        metrics=paper.path("seed{seed}/metrics.json"),
        curves=paper.path("seed{seed}/curves.h5"),
    log:
        paper.log("evaluate", "seed"),
    benchmark:
        paper.benchmark("evaluate", "seed")
    conda:
        paper.env("core")
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "evaluate",
            wildcards="seed",
            inputs="prepared predictions",
            outputs="metrics curves",
        )


rule figures:
    input:
        prepared=paper.path("prepared.h5"),
        predictions=paper.each_seed("predictions.h5"),
        curves=paper.each_seed("curves.h5"),
        metrics=paper.path("metrics.json"),
        reference=CURVES,
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
            inputs="prepared metrics",
            folders={"seeds": ".", "figures": "figures"},
        )
