"""From the catalogue to photometric redshifts, arXiv:1903.08174.

REQUIRED INPUTS:
    archive runs: the files of datasets.yaml that the setting `archive` names, fetched by the shared download rule
    generated runs: none
OUTPUTS (below results/photoz/<run>/):
    prepared.h5 · seed<k>/predictions.h5 · seed<k>/metrics.json · figures/
"""

from common.workflow.paper import Paper

paper = Paper("photoz", config)


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        catalogue=paper.generated("DEEP2_uniq_Terapix_Subaru_v1.fits"),
        receipt=paper.generated_receipts("DEEP2_uniq_Terapix_Subaru_v1.fits"),
    log:
        paper.log("simulate"),
    benchmark:
        paper.benchmark("simulate")
    conda:
        paper.env("astro")
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell("simulate", outputs="catalogue receipt")


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
        paper.env("astro")
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell("prepare", folders={"receipts": "receipts"}, outputs="prepared")


rule train:
    input:
        prepared=paper.path("prepared.h5"),
        code=paper.code("train"),
    output:
        predictions=paper.path("seed{seed}/predictions.h5"),
    log:
        paper.log("train", "seed"),
    benchmark:
        paper.benchmark("train", "seed")
    conda:
        paper.env("astro")
    threads: 1  # seeds in parallel beat several threads per seed
    params:
        config=paper.section("train"),
    shell:
        paper.shell(
            "train",
            wildcards="seed",
            inputs="prepared",
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
        paper.env("astro")
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "evaluate",
            wildcards="seed",
            inputs="prepared predictions",
            outputs="metrics",
        )


rule figures:
    input:
        prepared=paper.path("prepared.h5"),
        predictions=paper.each_seed("predictions.h5"),
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
        paper.env("astro")
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "figures",
            inputs="prepared metrics",
            folders={"seeds": ".", "figures": "figures"},
        )
