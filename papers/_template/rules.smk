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
        events=f"{paper.generated_data}/events.csv",
        receipt=f"{paper.results}/receipts/generated/events.csv.json",
    log:
        f"{paper.results}/logs/simulate.log",
    benchmark:
        f"{paper.results}/benchmarks/simulate.jsonl"
    conda:
        "../../envs/core.yaml"
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell(
            "simulate",
            "--config {params.config:q} --events {output.events:q} --receipt {output.receipt:q}",
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
        "../../envs/core.yaml"
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
        model=f"{paper.results}/seed{{seed}}/model.npz",
    log:
        f"{paper.results}/logs/train_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/train_seed{{seed}}.jsonl"
    conda:
        "../../envs/core.yaml"
    params:
        config=paper.section("train"),
    shell:
        paper.shell(
            "train",
            "--config {params.config:q} --seed {wildcards.seed} --prepared {input.prepared:q} --model {output.model:q}",
        )


rule predict:
    input:
        prepared=f"{paper.results}/prepared.h5",
        model=f"{paper.results}/seed{{seed}}/model.npz",
        code=paper.code("predict"),
    output:
        predictions=f"{paper.results}/seed{{seed}}/predictions.h5",
    log:
        f"{paper.results}/logs/predict_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/predict_seed{{seed}}.jsonl"
    conda:
        "../../envs/core.yaml"
    shell:
        paper.shell(
            "predict",
            "--prepared {input.prepared:q} --model {input.model:q} --predictions {output.predictions:q}",
        )


rule evaluate:
    input:
        predictions=f"{paper.results}/seed{{seed}}/predictions.h5",
        code=paper.code("evaluate"),
    output:
        metrics=f"{paper.results}/seed{{seed}}/metrics.json",
    log:
        f"{paper.results}/logs/evaluate_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/evaluate_seed{{seed}}.jsonl"
    conda:
        "../../envs/core.yaml"
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "evaluate",
            "--config {params.config:q} --seed {wildcards.seed}"
            " --predictions {input.predictions:q} --metrics {output.metrics:q}",
        )


rule figures:
    input:
        receipts=paper.receipts,
        predictions=paper.per_seed("predictions.h5"),
        code=paper.code("figures"),
        style="common/figures.mplstyle",
    output:
        paper.figures("fig1_score"),
    log:
        f"{paper.results}/logs/figures.log",
    benchmark:
        f"{paper.results}/benchmarks/figures.jsonl"
    conda:
        "../../envs/core.yaml"
    shell:
        paper.shell(
            "figures",
            "--receipts {input.receipts:q} --predictions {input.predictions:q} --figures {output:q}",
        )
