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
        catalogue=f"{paper.generated_data}/DEEP2_uniq_Terapix_Subaru_v1.fits",
        receipt=f"{paper.results}/receipts/generated/DEEP2_uniq_Terapix_Subaru_v1.fits.json",
    log:
        f"{paper.results}/logs/simulate.log",
    benchmark:
        f"{paper.results}/benchmarks/simulate.jsonl"
    conda:
        "../../envs/astro.yaml"
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell(
            "simulate",
            "--config {params.config:q} --catalogue {output.catalogue:q} --receipt {output.receipt:q}",
        )


rule prepare:
    input:
        receipts=paper.receipts,
        code=paper.code("prepare"),
    output:
        prepared=f"{paper.results}/prepared.h5",
    log:
        f"{paper.results}/logs/prepare.log",
    benchmark:
        f"{paper.results}/benchmarks/prepare.jsonl"
    conda:
        "../../envs/astro.yaml"
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell(
            "prepare",
            "--config {params.config:q} --receipts {input.receipts:q} --prepared {output.prepared:q}",
        )


rule train:
    input:
        prepared=f"{paper.results}/prepared.h5",
        code=paper.code("train"),
    output:
        predictions=f"{paper.results}/seed{{seed}}/predictions.h5",
    log:
        f"{paper.results}/logs/train_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/train_seed{{seed}}.jsonl"
    conda:
        "../../envs/astro.yaml"
    threads: 1  # seeds in parallel beat several threads per seed
    params:
        config=paper.section("train"),
    shell:
        paper.shell(
            "train",
            "--config {params.config:q} --seed {wildcards.seed} --threads {threads}"
            " --prepared {input.prepared:q} --predictions {output.predictions:q}",
        )


rule evaluate:
    input:
        prepared=f"{paper.results}/prepared.h5",
        predictions=f"{paper.results}/seed{{seed}}/predictions.h5",
        code=paper.code("evaluate"),
    output:
        metrics=f"{paper.results}/seed{{seed}}/metrics.json",
    log:
        f"{paper.results}/logs/evaluate_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/evaluate_seed{{seed}}.jsonl"
    conda:
        "../../envs/astro.yaml"
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "evaluate",
            "--config {params.config:q} --seed {wildcards.seed} --prepared {input.prepared:q}"
            " --predictions {input.predictions:q} --metrics {output.metrics:q}",
        )


rule figures:
    input:
        receipts=paper.receipts,
        prepared=f"{paper.results}/prepared.h5",
        predictions=paper.per_seed("predictions.h5"),
        metrics=f"{paper.results}/metrics.json",
        code=paper.code("figures"),
        style="common/figures.mplstyle",
    output:
        paper.figures(
            "fig1_zphot_zspec",
            "fig2_metrics",
            "fig3_colours",
            "fig4_nz",
            "fig5_importance",
            "fig6_experiments",
        ),
    log:
        f"{paper.results}/logs/figures.log",
    benchmark:
        f"{paper.results}/benchmarks/figures.jsonl"
    conda:
        "../../envs/astro.yaml"
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "figures",
            "--config {params.config:q} --receipts {input.receipts:q} --prepared {input.prepared:q}"
            " --predictions {input.predictions:q} --metrics {input.metrics:q} --figures {output:q}",
        )
