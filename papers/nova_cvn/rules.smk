"""From pixel maps of neutrino interactions to a classifier of flavour and interaction mode, arXiv:1604.01444.

REQUIRED INPUTS:
    archive runs: the course server's files neutrino<N>.h5, requested by stage fetch; or DUNE's events of datasets.yaml
    generated runs: none
OUTPUTS (below results/nova_cvn/<run>/):
    prepared/<split>.h5 · seed<k>/network/<method>/{model.keras, history.csv, predictions.h5} ·
    seed<k>/baseline/<method>/predictions.h5 · seed<k>/metrics.json · figures/
"""

from common.workflow.paper import Paper
from papers.nova_cvn.settings import is_network, of_split

paper = Paper("nova_cvn", config)
TRAIN, VALID, TEST = (
    paper.path(f"prepared/{split}.h5") for split in ("train", "valid", "test")
)


rule fetch:
    input:
        datasets="papers/nova_cvn/datasets.yaml",
        code=paper.code("fetch"),
    output:
        receipt=paper.path("receipts/located/nova_course.json"),
    log:
        paper.log("fetch"),
    benchmark:
        paper.benchmark("fetch")
    conda:
        paper.env("core")
    params:
        config=paper.section("fetch"),
        state=lambda w: paper.state_of(
            f"results/nova_cvn/{w.run}/receipts/located/nova_course.json"
        ),
    shell:
        paper.shell("fetch", inputs="datasets", outputs="receipt")


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        events=paper.generated("{split}_{number}.h5"),
        receipt=paper.generated_receipts("{split}_{number}.h5"),
    log:
        paper.log("simulate", "split", "number"),
    benchmark:
        paper.benchmark("simulate", "split", "number")
    wildcard_constraints:
        number=r"\d+",
    conda:
        paper.env("hep")
    threads: 1
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell("simulate", wildcards="split", outputs="events receipt")


rule prepare:
    input:
        receipts=lambda w: of_split(
            paper.receipts(w), w.split, source=paper.settings(w.run).source
        ),
        code=paper.code("prepare"),
    output:
        prepared=paper.path("prepared/{split}.h5"),
    log:
        paper.log("prepare", "split"),
    benchmark:
        paper.benchmark("prepare", "split")
    conda:
        paper.env("core")
    threads: 1
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell(
            "prepare",
            wildcards="split",
            folders={"receipts": "receipts"},
            outputs="prepared",
        )


rule train:
    input:
        train=TRAIN,
        valid=VALID,
        code=paper.code("train"),
    output:
        model=paper.path("seed{seed}/network/{method}/model.keras"),
        history=paper.path("seed{seed}/network/{method}/history.csv"),
    log:
        paper.log("train", "method", "seed"),
    benchmark:
        paper.benchmark("train", "method", "seed")
    conda:
        paper.env("tensorflow")
    threads: 1  # trainings side by side beat several threads for each
    params:
        config=paper.one,
    shell:
        paper.shell(
            "train",
            wildcards="seed method",
            inputs="train valid",
            outputs="model history",
            threads=True,
        )


rule predict:
    input:
        valid=VALID,
        test=TEST,
        model=paper.path("seed{seed}/network/{method}/model.keras"),
        code=paper.code("predict"),
    output:
        predictions=paper.path("seed{seed}/network/{method}/predictions.h5"),
    log:
        paper.log("predict", "method", "seed"),
    benchmark:
        paper.benchmark("predict", "method", "seed")
    conda:
        paper.env("tensorflow")
    threads: 1
    params:
        config=paper.section("predict"),
    shell:
        paper.shell(
            "predict", inputs="valid test model", outputs="predictions", threads=True
        )


rule predict_baselines:
    input:
        train=TRAIN,
        valid=VALID,
        test=TEST,
        code=paper.code("predict_baselines"),
    output:
        predictions=paper.path("seed{seed}/baseline/{method}/predictions.h5"),
    log:
        paper.log("predict_baselines", "method", "seed"),
    benchmark:
        paper.benchmark("predict_baselines", "method", "seed")
    conda:
        paper.env("core")
    threads: 1
    params:
        config=paper.one,
    shell:
        paper.shell(
            "predict_baselines",
            wildcards="seed method",
            inputs="train valid test",
            outputs="predictions",
        )


rule evaluate:
    input:
        valid=VALID,
        test=TEST,
        predictions=paper.each_method("predictions.h5"),
        published="papers/nova_cvn/published.yaml",  # numbers of the thesis events
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
            "evaluate",
            wildcards="seed",
            inputs="valid test",
            folders={"predictions": "seed{wildcards.seed}"},
            outputs="metrics",
        )


rule figures:
    input:
        valid=VALID,
        test=TEST,
        predictions=paper.each_seed_and_method("predictions.h5"),
        histories=paper.each_seed_and_method("history.csv", only=is_network),
        metrics=paper.path("metrics.json"),
        published="papers/nova_cvn/published.yaml",  # numbers of the thesis events
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
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "figures",
            inputs="valid test metrics",
            folders={"seeds": ".", "figures": "figures"},
        )
