"""From pixel maps of neutrino interactions to a classifier of flavour and interaction mode, arXiv:1604.01444.

REQUIRED INPUTS:
    archive runs: the course server's files neutrino<N>.h5, asked for by stage fetch; or DUNE's events of datasets.yaml
    generated runs: none
OUTPUTS (below results/nova_cvn/<run>/):
    prepared/<split>.h5 · seed<k>/keras/<network>/{model.keras, history.csv, predictions.h5} ·
    seed<k>/baseline/<method>/predictions.h5 · seed<k>/metrics.json · figures/
"""

from common.workflow.paper import Paper
from papers.nova_cvn.experiments import Experiments

paper = Paper("nova_cvn", config)
experiments = Experiments(paper)
PREPARED = {
    split: f"{paper.results}/prepared/{split}.h5"
    for split in ("train", "valid", "test")
}


rule fetch:
    input:
        datasets="papers/nova_cvn/datasets.yaml",
        code=paper.code("fetch"),
    output:
        receipt=f"{paper.results}/receipts/located/nova_course.json",
    log:
        f"{paper.results}/logs/fetch.log",
    benchmark:
        f"{paper.results}/benchmarks/fetch.jsonl"
    conda:
        "../../envs/core.yaml"
    params:
        config=paper.section("fetch"),
        state=lambda w: paper.state_of(
            f"results/nova_cvn/{w.run}/receipts/located/nova_course.json"
        ),
    shell:
        paper.shell(
            "fetch",
            "--config {params.config:q} --datasets {input.datasets:q} --receipt {output.receipt:q}",
        )


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        events=f"{paper.generated_data}/{{file}}.h5",
        receipt=f"{paper.results}/receipts/generated/{{file}}.h5.json",
    log:
        f"{paper.results}/logs/simulate_{{file}}.log",
    benchmark:
        f"{paper.results}/benchmarks/simulate_{{file}}.jsonl"
    wildcard_constraints:
        file=r"(?:train|valid|test)_\d+",
    conda:
        "../../envs/hep.yaml"
    threads: 1
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell(
            "simulate",
            "--config {params.config:q} --events {output.events:q} --receipt {output.receipt:q}",
        )


rule prepare:
    input:
        receipts=experiments.receipts,
        code=paper.code("prepare"),
    output:
        prepared=f"{paper.results}/prepared/{{split}}.h5",
    log:
        f"{paper.results}/logs/prepare_{{split}}.log",
    benchmark:
        f"{paper.results}/benchmarks/prepare_{{split}}.jsonl"
    wildcard_constraints:
        split="train|valid|test",
    conda:
        "../../envs/core.yaml"
    threads: 1
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell(
            "prepare",
            "--config {params.config:q} --receipts {input.receipts:q} --prepared {output.prepared:q}",
        )


rule train:
    input:
        train=PREPARED["train"],
        valid=PREPARED["valid"],
        code=paper.code("train"),
    output:
        model=f"{paper.results}/seed{{seed}}/keras/{{method}}/model.keras",
        history=f"{paper.results}/seed{{seed}}/keras/{{method}}/history.csv",
    log:
        f"{paper.results}/logs/train_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/train_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        method="[a-z0-9_]+",
    conda:
        "../../envs/tensorflow.yaml"
    threads: 1  # trainings side by side beat several threads for each
    params:
        config=experiments.one,
    shell:
        paper.shell(
            "train",
            "--config {params.config:q} --seed {wildcards.seed} --threads {threads} --train {input.train:q}"
            " --valid {input.valid:q} --model {output.model:q} --history {output.history:q}",
        )


rule predict:
    input:
        valid=PREPARED["valid"],
        test=PREPARED["test"],
        model=f"{paper.results}/seed{{seed}}/keras/{{method}}/model.keras",
        code=paper.code("predict"),
    output:
        predictions=f"{paper.results}/seed{{seed}}/keras/{{method}}/predictions.h5",
    log:
        f"{paper.results}/logs/predict_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/predict_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        method="[a-z0-9_]+",
    conda:
        "../../envs/tensorflow.yaml"
    threads: 1
    params:
        config=paper.section("predict"),
    shell:
        paper.shell(
            "predict",
            "--config {params.config:q} --threads {threads} --valid {input.valid:q} --test {input.test:q}"
            " --model {input.model:q} --predictions {output.predictions:q}",
        )


rule predict_baselines:
    input:
        **PREPARED,
        code=paper.code("predict_baselines"),
    output:
        predictions=f"{paper.results}/seed{{seed}}/baseline/{{method}}/predictions.h5",
    log:
        f"{paper.results}/logs/predict_baselines_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/predict_baselines_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        method="[a-z0-9_]+",
    conda:
        "../../envs/core.yaml"
    threads: 1
    params:
        config=experiments.one,
    shell:
        paper.shell(
            "predict_baselines",
            "--config {params.config:q} --seed {wildcards.seed} --train {input.train:q} --valid {input.valid:q}"
            " --test {input.test:q} --predictions {output.predictions:q}",
        )


rule evaluate:
    input:
        valid=PREPARED["valid"],
        test=PREPARED["test"],
        predictions=experiments.predictions,
        published="papers/nova_cvn/published.yaml",  # numbers of the thesis events
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
            "--config {params.config:q} --seed {wildcards.seed} --valid {input.valid:q} --test {input.test:q}"
            " --predictions {input.predictions:q} --metrics {output.metrics:q}",
        )


rule figures:
    input:
        receipts=paper.receipts,
        valid=PREPARED["valid"],
        test=PREPARED["test"],
        predictions=experiments.all_predictions,
        histories=experiments.histories,
        metrics=f"{paper.results}/metrics.json",
        published="papers/nova_cvn/published.yaml",
        code=paper.code("figures"),
        style="common/figures.mplstyle",
    output:
        paper.figures(
            "fig1_pixel_maps",
            "fig2_network",
            "fig3_filters",
            "fig4_inception",
            "fig5_tsne",
            "fig6_scores",
            "fig7_cuts",
            "fig8_spectra",
            "fig9_loss",
            "fig10_confusion",
            "fig11_classifiers",
        ),
    log:
        f"{paper.results}/logs/figures.log",
    benchmark:
        f"{paper.results}/benchmarks/figures.jsonl"
    conda:
        "../../envs/core.yaml"
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "figures",
            "--config {params.config:q} --receipts {input.receipts:q} --valid {input.valid:q} --test {input.test:q}"
            " --predictions {input.predictions:q} --histories {input.histories:q} --metrics {input.metrics:q}"
            " --figures {output:q}",
        )
