"""From jets in CMS's open data format to H to bb taggers, arXiv:1909.12285.

REQUIRED INPUTS:
    archive runs: the files of record 12102 that the setting `splits` names; rule `fetch` downloads each of them and
        checks it against the record's file index, which datasets.yaml declares
    generated runs: none
OUTPUTS (below results/hbb/<run>/):
    prepared/<file>.h5 · seed<k>/<method>/{model.*, history.csv, predictions.h5} ·
    seed<k>/{metrics.json, decorrelated.h5} · figures/

A method is an experiment of config.yaml. Those whose name begins with `double_b` are trained by rule train_keras, all
others by rule train.
"""

from common.workflow.paper import Paper
from papers.hbb.experiments import Experiments
from papers.hbb.settings import KERAS

paper = Paper("hbb", config)
experiments = Experiments(paper)


rule simulate_pileup:
    input:
        code=paper.code("simulate_pileup"),
    output:
        pool=f"{paper.generated_data}/pileup.npz",
    log:
        f"{paper.results}/logs/simulate_pileup.log",
    benchmark:
        f"{paper.results}/benchmarks/simulate_pileup.jsonl"
    conda:
        "../../envs/hep.yaml"
    params:
        config=paper.section("simulate_pileup"),
    shell:
        paper.shell(
            "simulate_pileup", "--config {params.config:q} --pool {output.pool:q}"
        )


rule simulate:
    input:
        pool=f"{paper.generated_data}/pileup.npz",
        code=paper.code("simulate"),
    output:
        jets=f"{paper.generated_data}/{{file}}.root",
        receipt=f"{paper.results}/receipts/generated/{{file}}.root.json",
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
            "--config {params.config:q} --pool {input.pool:q} --jets {output.jets:q} --receipt {output.receipt:q}",
        )


rule fetch:
    input:
        datasets="papers/hbb/datasets.yaml",
        code=paper.code("fetch"),
    output:
        receipt=f"{paper.results}/receipts/located/{{split}}/{{file}}.json",
    log:
        f"{paper.results}/logs/fetch_{{split}}_{{file}}.log",
    benchmark:
        f"{paper.results}/benchmarks/fetch_{{split}}_{{file}}.jsonl"
    wildcard_constraints:
        split="train|test",
        file=r"ntuple_merged_\d+\.(?:root|h5)",
    conda:
        "../../envs/core.yaml"
    params:
        state=lambda w: paper.state_of(
            f"results/hbb/{w.run}/receipts/located/{w.split}/{w.file}.json"
        ),
    shell:
        paper.shell(
            "fetch",
            "--datasets {input.datasets:q} --split {wildcards.split:q} --file {wildcards.file:q}"
            " --receipt {output.receipt:q}",
        )


rule prepare:
    input:
        receipt=experiments.receipt,
        code=paper.code("prepare"),
    output:
        prepared=f"{paper.results}/prepared/{{file}}.h5",
    log:
        f"{paper.results}/logs/prepare_{{file}}.log",
    benchmark:
        f"{paper.results}/benchmarks/prepare_{{file}}.jsonl"
    wildcard_constraints:
        file=r".+\.(?:root|h5)",
    conda:
        "../../envs/hep.yaml"
    threads: 1
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell(
            "prepare",
            "--config {params.config:q} --receipt {input.receipt:q} --prepared {output.prepared:q}",
        )


rule train:
    input:
        train=experiments.prepared("train"),
        valid=experiments.prepared("valid"),
        code=paper.code("train"),
    output:
        model=f"{paper.results}/seed{{seed}}/{{method}}/model.pt",
        history=f"{paper.results}/seed{{seed}}/{{method}}/history.csv",
    log:
        f"{paper.results}/logs/train_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/train_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        method=f"(?!{KERAS})[a-z0-9_]+",
    conda:
        "../../envs/torch.yaml"
    threads: 1  # several trainings at a time are faster than several threads for each
    params:
        config=experiments.one,
    shell:
        paper.shell(
            "train",
            "--config {params.config:q} --seed {wildcards.seed} --threads {threads} --train {input.train:q}"
            " --valid {input.valid:q} --model {output.model:q} --history {output.history:q}",
        )


rule train_keras:
    input:
        train=experiments.prepared("train"),
        valid=experiments.prepared("valid"),
        code=paper.code("train_keras"),
    output:
        model=f"{paper.results}/seed{{seed}}/{{method}}/model.keras",
        history=f"{paper.results}/seed{{seed}}/{{method}}/history.csv",
    log:
        f"{paper.results}/logs/train_keras_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/train_keras_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        method=f"{KERAS}[a-z0-9_]*",
    priority: 1  # the longest training starts first
    conda:
        "../../envs/tensorflow.yaml"
    threads: 1
    params:
        config=experiments.one,
    shell:
        paper.shell(
            "train_keras",
            "--config {params.config:q} --seed {wildcards.seed} --threads {threads} --train {input.train:q}"
            " --valid {input.valid:q} --model {output.model:q} --history {output.history:q}",
        )


rule predict:
    input:
        valid=experiments.prepared("valid"),
        test=experiments.prepared("test"),
        model=experiments.model,
        code=paper.code("predict"),
    output:
        predictions=f"{paper.results}/seed{{seed}}/{{method}}/predictions.h5",
    log:
        f"{paper.results}/logs/predict_{{method}}_seed{{seed}}.log",
    benchmark:
        f"{paper.results}/benchmarks/predict_{{method}}_seed{{seed}}.jsonl"
    wildcard_constraints:
        method="[a-z0-9_]+",
    conda:
        experiments.environment
    threads: 1
    shell:
        paper.shell(
            "predict",
            "--threads {threads} --valid {input.valid:q} --test {input.test:q} --model {input.model:q}"
            " --predictions {output.predictions:q}",
        )


rule evaluate:
    input:
        valid=experiments.prepared("valid"),
        test=experiments.prepared("test"),
        predictions=experiments.predictions,
        code=paper.code("evaluate"),
    output:
        metrics=f"{paper.results}/seed{{seed}}/metrics.json",
        decorrelated=f"{paper.results}/seed{{seed}}/decorrelated.h5",
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
            " --predictions {input.predictions:q} --metrics {output.metrics:q}"
            " --decorrelated {output.decorrelated:q}",
        )


rule figures:
    input:
        receipts=paper.receipts,
        test=experiments.prepared("test"),
        predictions=experiments.all_predictions,
        histories=experiments.histories,
        decorrelated=paper.per_seed("decorrelated.h5"),
        metrics=f"{paper.results}/metrics.json",
        code=paper.code("figures"),
        published="papers/hbb/published.yaml",
        style="common/figures.mplstyle",
    output:
        paper.figures(
            "fig1_roc",
            "fig2_sculpting",
            "fig3_decorrelation",
            "fig4_pileup",
            "fig5_kinematics",
            "fig6_inputs",
            "fig7_loss",
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
            "--config {params.config:q} --receipts {input.receipts:q} --test {input.test:q}"
            " --predictions {input.predictions:q} --histories {input.histories:q}"
            " --decorrelated {input.decorrelated:q} --metrics {input.metrics:q} --published {input.published:q}"
            " --figures {output:q}",
        )
