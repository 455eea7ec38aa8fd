"""From published scores to the comparison's table, and from jets to our own taggers, arXiv:1902.09914.

REQUIRED INPUTS:
    archive runs: the files of datasets.yaml that the setting `archive` names, fetched by the shared download rule
    generated runs: none
OUTPUTS (below results/top_tagging/<run>/):
    prepared.h5 · seed<k>/<method>/{model.pt, history.csv} · seed<k>/predictions.h5 · seed<k>/metrics.json · figures/
"""

from common.workflow.paper import Paper
from papers.top_tagging.archive import files
from papers.top_tagging.experiments import Experiments

paper = Paper("top_tagging", config)
experiments = Experiments(paper)


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        files=expand(
            f"{paper.generated_data}/{{file}}", file=files.ALL, allow_missing=True
        ),
        receipts=expand(
            f"{paper.results}/receipts/generated/{{file}}.json",
            file=files.ALL,
            allow_missing=True,
        ),
    log:
        f"{paper.results}/logs/simulate.log",
    benchmark:
        f"{paper.results}/benchmarks/simulate.jsonl"
    conda:
        "../../envs/hep.yaml"
    threads: 64  # as many generators side by side as there are cores
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell(
            "simulate",
            "--config {params.config:q} --threads {threads} --files {output.files:q} --receipts {output.receipts:q}",
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
        "../../envs/hep.yaml"
    threads: 64
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell(
            "prepare",
            "--config {params.config:q} --threads {threads} --receipts {input.receipts:q} --prepared {output.prepared:q}",
        )


rule train:
    input:
        prepared=f"{paper.results}/prepared.h5",
        code=paper.code("train"),
    output:
        model=f"{paper.results}/seed{{seed}}/{{method}}/model.pt",
        history=f"{paper.results}/seed{{seed}}/{{method}}/history.csv",
    log:
        f"{paper.results}/logs/train_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/train_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        method="[a-z_]+",
    conda:
        "../../envs/torch.yaml"
    threads: 1  # trainings side by side beat several threads for each
    params:
        config=experiments.one,
    shell:
        paper.shell(
            "train",
            "--config {params.config:q} --seed {wildcards.seed} --threads {threads} --prepared {input.prepared:q}"
            " --model {output.model:q} --history {output.history:q}",
        )


rule predict:
    input:
        prepared=f"{paper.results}/prepared.h5",
        models=experiments.models,
        code=paper.code("predict"),
    output:
        predictions=f"{paper.results}/seed{{seed}}/predictions.h5",
    log:
        f"{paper.results}/logs/predict_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/predict_seed{{seed}}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    params:
        config=paper.section("predict"),
        methods=experiments.names,
    shell:
        paper.shell(
            "predict",
            "--config {params.config:q} --threads {threads} --methods={params.methods:q} --prepared {input.prepared:q}"
            " --predictions {output.predictions:q}",
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
        "../../envs/core.yaml"
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "evaluate",
            "--config {params.config:q} --prepared {input.prepared:q} --predictions {input.predictions:q}"
            " --metrics {output.metrics:q}",
        )


rule figures:
    input:
        receipts=paper.receipts,
        prepared=f"{paper.results}/prepared.h5",
        predictions=paper.per_seed("predictions.h5"),
        histories=experiments.histories,
        metrics=f"{paper.results}/metrics.json",
        published="papers/top_tagging/published.yaml",
        code=paper.code("figures"),
        style="common/figures.mplstyle",
    output:
        paper.figures(
            "fig1_roc",
            "fig2_rejection",
            "fig3_agreement",
            "fig4_jets",
            "fig5_training",
            "fig6_comparison",
        ),
    log:
        f"{paper.results}/logs/figures.log",
    benchmark:
        f"{paper.results}/benchmarks/figures.jsonl"
    conda:
        "../../envs/core.yaml"
    shell:
        paper.shell(
            "figures",
            "--receipts {input.receipts:q} --prepared {input.prepared:q} --predictions {input.predictions:q}"
            " --metrics {input.metrics:q} --published {input.published:q} --figures {output:q}",
        )
