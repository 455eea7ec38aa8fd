"""From strain and witnesses to cleaned strain, arXiv:2005.06534.

REQUIRED INPUTS:
    archive runs: none; rule fetch finds the frames and downloads them, the setting `archive` names its lists
    generated runs: none
OUTPUTS (below results/gw_denoise/<run>/):
    prepared_<task>.h5 · seed<k>/<task>/<method>/{model.pt, history.csv} · seed<k>/predictions.h5 ·
    seed<k>/metrics.json · figures/
"""

from common.workflow.paper import Paper
from papers.gw_denoise.experiments import Experiments
from papers.gw_denoise.settings import GENERATED_FILES

paper = Paper("gw_denoise", config)
experiments = Experiments(paper)
FILES = [file for files in GENERATED_FILES.values() for file in files]


rule simulate:
    input:
        code=paper.code("simulate"),
    output:
        files=expand(f"{paper.generated_data}/{{file}}", file=FILES, allow_missing=True),
        receipts=expand(
            f"{paper.results}/receipts/generated/{{file}}.json",
            file=FILES,
            allow_missing=True,
        ),
    log:
        f"{paper.results}/logs/simulate.log",
    benchmark:
        f"{paper.results}/benchmarks/simulate.jsonl"
    conda:
        "../../envs/gw.yaml"
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell(
            "simulate",
            "--config {params.config:q} --files {output.files:q} --receipts {output.receipts:q}",
        )


rule fetch:
    input:
        code=paper.code("fetch"),
    output:
        receipt=f"{paper.results}/receipts/located/{{task}}.json",
    log:
        f"{paper.results}/logs/fetch_{{task}}.log",
    benchmark:
        f"{paper.results}/benchmarks/fetch_{{task}}.jsonl"
    wildcard_constraints:
        task="[a-z]+",
    conda:
        "../../envs/gw.yaml"
    params:
        config=experiments.fetch,
        state=lambda w: paper.state_of(
            f"results/gw_denoise/{w.run}/receipts/located/{w.task}.json"
        ),
    shell:
        paper.shell("fetch", "--config {params.config:q} --receipt {output.receipt:q}")


rule prepare:
    input:
        receipts=paper.receipts,
        code=paper.code("prepare"),
    output:
        prepared=f"{paper.results}/prepared_{{task}}.h5",
    log:
        f"{paper.results}/logs/prepare_{{task}}.log",
    benchmark:
        f"{paper.results}/benchmarks/prepare_{{task}}.jsonl"
    wildcard_constraints:
        task="[a-z]+",
    conda:
        "../../envs/gw.yaml"
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell(
            "prepare",
            "--config {params.config:q} --receipts {input.receipts:q} --prepared {output.prepared:q}",
        )


rule train:
    input:
        prepared=f"{paper.results}/prepared_{{task}}.h5",
        code=paper.code("train"),
    output:
        model=f"{paper.results}/seed{{seed}}/{{task}}/{{method}}/model.pt",
        history=f"{paper.results}/seed{{seed}}/{{task}}/{{method}}/history.csv",
    log:
        f"{paper.results}/logs/train_{{task}}_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/train_{{task}}_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        task="[a-z]+",
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
        prepared=experiments.prepared,
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
            "--config {params.config:q} --threads {threads} --prepared {input.prepared:q} --models {input.models:q}"
            " --predictions {output.predictions:q}",
        )


rule evaluate:
    input:
        prepared=experiments.prepared,
        predictions=f"{paper.results}/seed{{seed}}/predictions.h5",
        code=paper.code("evaluate"),
    output:
        metrics=f"{paper.results}/seed{{seed}}/metrics.json",
    log:
        f"{paper.results}/logs/evaluate_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/evaluate_seed{{seed}}.jsonl"
    conda:
        "../../envs/gw.yaml"
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
        prepared=experiments.prepared,
        predictions=paper.per_seed("predictions.h5"),
        histories=experiments.histories,
        metrics=f"{paper.results}/metrics.json",
        code=paper.code("figures"),
        style="common/figures.mplstyle",
    output:
        paper.figures(
            "fig1_asd_lines",
            "fig2_asd_broadband",
            "fig3_sidebands",
            "fig4_loss",
            "fig5_signals",
            "fig6_range",
            "fig7_coherence",
            "fig8_spectrogram",
            "fig9_ranking",
            "fig10_efficiency",
        ),
    log:
        f"{paper.results}/logs/figures.log",
    benchmark:
        f"{paper.results}/benchmarks/figures.jsonl"
    conda:
        "../../envs/gw.yaml"
    params:
        config=paper.section("evaluate"),
    shell:
        paper.shell(
            "figures",
            "--config {params.config:q} --receipts {input.receipts:q} --prepared {input.prepared:q}"
            " --predictions {input.predictions:q} --histories {input.histories:q} --metrics {input.metrics:q}"
            " --figures {output:q}",
        )
