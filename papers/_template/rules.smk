"""The chain of this paper.

REQUIRED INPUTS:
    archive runs: the files of datasets.yaml, fetched and verified by the shared download rule
    generated runs: none
OUTPUTS (below results/<paper>/<run>/):
    prepared.h5 · seed<k>/model.npz · seed<k>/predictions.h5 · seed<k>/metrics.json · figures/
"""

from pathlib import Path

from common.workflow.paper import Paper

paper = Paper(Path(workflow.current_basedir).name, config)


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        events=paper.generated("events.csv"),
        receipt=paper.generated_receipts("events.csv"),
    log:
        paper.log("simulate"),
    benchmark:
        paper.benchmark("simulate")
    conda:
        paper.env("core")
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell("simulate", outputs="events receipt")


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
        model=paper.path("seed{seed}/model.npz"),
    log:
        paper.log("train", "seed"),
    benchmark:
        paper.benchmark("train", "seed")
    conda:
        paper.env("core")
    params:
        config=paper.section("train"),
    shell:
        paper.shell("train", wildcards="seed", inputs="prepared", outputs="model")


rule predict:
    input:
        prepared=paper.path("prepared.h5"),
        model=paper.path("seed{seed}/model.npz"),
        code=paper.code("predict"),
    output:
        predictions=paper.path("seed{seed}/predictions.h5"),
    log:
        paper.log("predict", "seed"),
    benchmark:
        paper.benchmark("predict", "seed")
    conda:
        paper.env("core")
    shell:
        paper.shell(
            "predict", settings=False, inputs="prepared model", outputs="predictions"
        )


rule evaluate:
    input:
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
        paper.shell(
            "evaluate", wildcards="seed", inputs="predictions", outputs="metrics"
        )


rule figures:
    input:
        prepared=paper.path("prepared.h5"),
        predictions=paper.each_seed("predictions.h5"),
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
            "figures", inputs="prepared", folders={"seeds": ".", "figures": "figures"}
        )
