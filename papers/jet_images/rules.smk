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
from papers.jet_images.experiments import Experiments
from papers.jet_images.settings import IMAGES_FILE, STEPS_FILE

paper = Paper("jet_images", config)
experiments = Experiments(paper)
CURVES = expand("papers/jet_images/curves/{name}.csv", name=["roc", "distributions"])


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        images=f"{paper.generated_data}/{IMAGES_FILE}",
        steps=f"{paper.generated_data}/{STEPS_FILE}",
        receipts=expand(
            f"{paper.results}/receipts/generated/{{file}}.json",
            file=[IMAGES_FILE, STEPS_FILE],
            allow_missing=True,
        ),
    log:
        f"{paper.results}/logs/simulate.log",
    benchmark:
        f"{paper.results}/benchmarks/simulate.jsonl"
    conda:
        "../../envs/hep.yaml"
    threads: 64  # at most; one generator per core
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell(
            "simulate",
            "--config {params.config:q} --threads {threads} --images {output.images:q} --steps {output.steps:q}"
            " --receipts {output.receipts:q}",
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
        model=f"{paper.results}/seed{{seed}}/{{method}}/model.pt",
        history=f"{paper.results}/seed{{seed}}/{{method}}/history.csv",
    log:
        f"{paper.results}/logs/train_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/train_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        method="[a-z0-9_]+",
    conda:
        "../../envs/torch.yaml"
    threads: 1  # several trainings at a time are faster than several threads for each
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
    shell:
        paper.shell(
            "predict",
            "--config {params.config:q} --seed {wildcards.seed} --threads {threads} --prepared {input.prepared:q}"
            " --models {input.models:q} --predictions {output.predictions:q}",
        )


rule evaluate:
    input:
        prepared=f"{paper.results}/prepared.h5",
        predictions=f"{paper.results}/seed{{seed}}/predictions.h5",
        reference=CURVES,
        code=paper.code("evaluate"),
    output:
        metrics=f"{paper.results}/seed{{seed}}/metrics.json",
        curves=f"{paper.results}/seed{{seed}}/curves.h5",
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
            "--config {params.config:q} --seed {wildcards.seed} --prepared {input.prepared:q}"
            " --predictions {input.predictions:q} --metrics {output.metrics:q} --curves {output.curves:q}",
        )


rule figures:
    input:
        receipts=paper.receipts,
        prepared=f"{paper.results}/prepared.h5",
        predictions=paper.per_seed("predictions.h5"),
        curves=paper.per_seed("curves.h5"),
        metrics=f"{paper.results}/metrics.json",
        reference=CURVES,
        code=paper.code("figures"),
        style="common/figures.mplstyle",
    output:
        paper.figures(
            "fig1_variables",
            "fig2_average_images",
            "fig3_mass_steps",
            "fig4_roc_single",
            "fig5_roc_pairs",
            "fig6_roc_combined",
            "fig7_learned",
            "fig8_filters",
            "fig9_strongest",
            "fig10_correlation",
            "fig11_learning_curve",
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
            " --curves {input.curves:q} --metrics {input.metrics:q} --figures {output:q}",
        )
