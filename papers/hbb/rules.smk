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
from papers.hbb.settings import KERAS

paper = Paper("hbb", config)
FOLDER_OF_RECEIPTS = {"generated": "generated", "archive": "located"}  # by source
# Input function: the receipt of the file that is prepared.
receipt = (
    lambda w: f"results/hbb/{w.run}/receipts/{FOLDER_OF_RECEIPTS[paper.settings(w.run).source]}/{w.file}.json"
)
# Parameter function: which file is for what. A swap of two files leaves the set of inputs as it is.
splits = lambda w: paper.settings(w.run).splits
# Of a split, an input function: its prepared files.
prepared = lambda split: lambda w: [
    f"results/hbb/{w.run}/prepared/{file}.h5"
    for file in paper.settings(w.run).splits[split]
]
# Input function: the trained model of a method, whose suffix tells the framework.
model = (
    lambda w: f"results/hbb/{w.run}/seed{w.seed}/{w.method}/model.{'keras' if w.method.startswith(KERAS) else 'pt'}"
)


rule simulate_pileup:
    input:
        code=paper.code("simulate_pileup"),
    output:
        pool=paper.generated("pileup_{split}.npz"),
    log:
        paper.log("simulate_pileup", "split"),
    benchmark:
        paper.benchmark("simulate_pileup", "split")
    conda:
        paper.env("hep")
    params:
        config=paper.section("simulate_pileup"),
    shell:
        paper.shell("simulate_pileup", outputs="pool")


rule simulate:
    input:
        pool=paper.generated("pileup_{split}.npz"),
        code=paper.code("simulate"),
    output:
        jets=paper.generated("{split}_{number}.root"),
        receipt=paper.generated_receipts("{split}_{number}.root"),
    log:
        paper.log("simulate", "split", "number"),
    benchmark:
        paper.benchmark("simulate", "split", "number")
    wildcard_constraints:
        split="train|valid|test",
        number=r"\d+",
    conda:
        paper.env("hep")
    threads: 1
    params:
        config=paper.section("simulate"),
    shell:
        paper.shell("simulate", inputs="pool", outputs="jets receipt")


rule fetch:
    input:
        datasets="papers/hbb/datasets.yaml",
        code=paper.code("fetch"),
    output:
        receipt=paper.path("receipts/located/{split}/{file}.json"),
    log:
        paper.log("fetch", "split", "file"),
    benchmark:
        paper.benchmark("fetch", "split", "file")
    wildcard_constraints:
        split="train|test",
        file=r"ntuple_merged_\d+\.(?:root|h5)",
    conda:
        paper.env("core")
    params:
        state=lambda wildcards: paper.state_of(
            f"results/hbb/{wildcards.run}/receipts/located/{wildcards.split}/{wildcards.file}.json"
        ),
    shell:
        paper.shell(
            "fetch",
            settings=False,
            inputs="datasets",
            outputs="receipt",
            wildcards="split file",
        )


rule prepare:
    input:
        receipt=receipt,
        code=paper.code("prepare"),
    output:
        prepared=paper.path("prepared/{file}.h5"),
    log:
        paper.log("prepare", "file"),
    benchmark:
        paper.benchmark("prepare", "file")
    wildcard_constraints:
        file=r".+\.(?:root|h5)",
    conda:
        paper.env("hep")
    threads: 1
    params:
        config=paper.section("prepare"),
    shell:
        paper.shell("prepare", inputs="receipt", outputs="prepared")


rule train:
    input:
        train=prepared("train"),
        valid=prepared("valid"),
        code=paper.code("train"),
    output:
        model=paper.path("seed{seed}/{method}/model.pt"),
        history=paper.path("seed{seed}/{method}/history.csv"),
    log:
        paper.log("train", "method", "seed"),
    benchmark:
        paper.benchmark("train", "method", "seed")
    wildcard_constraints:
        method=f"(?!{KERAS})[a-z0-9_]+",
    conda:
        paper.env("torch")
    threads: 1  # several trainings at a time are faster than several threads for each
    params:
        config=paper.one,
        splits=splits,
    shell:
        paper.shell(
            "train",
            folders={"prepared": "prepared"},
            outputs="model history",
            wildcards="seed method",
            threads=True,
        )


rule train_keras:
    input:
        train=prepared("train"),
        valid=prepared("valid"),
        code=paper.code("train_keras"),
    output:
        model=paper.path("seed{seed}/{method}/model.keras"),
        history=paper.path("seed{seed}/{method}/history.csv"),
    log:
        paper.log("train_keras", "method", "seed"),
    benchmark:
        paper.benchmark("train_keras", "method", "seed")
    wildcard_constraints:
        method=f"{KERAS}[a-z0-9_]*",
    priority: 1  # the longest training starts first
    conda:
        paper.env("tensorflow")
    threads: 1
    params:
        config=paper.one,
        splits=splits,
    shell:
        paper.shell(
            "train_keras",
            folders={"prepared": "prepared"},
            outputs="model history",
            wildcards="seed method",
            threads=True,
        )


rule predict:
    input:
        valid=prepared("valid"),
        test=prepared("test"),
        model=model,
        code=paper.code("predict"),
    output:
        predictions=paper.path("seed{seed}/{method}/predictions.h5"),
    log:
        paper.log("predict", "method", "seed"),
    benchmark:
        paper.benchmark("predict", "method", "seed")
    conda:
        lambda wildcards: paper.env(
            "tensorflow" if wildcards.method.startswith(KERAS) else "torch"
        )
    threads: 1
    params:
        splits=splits,
    shell:
        paper.shell(
            "predict",
            inputs="model",
            folders={"prepared": "prepared"},
            outputs="predictions",
            threads=True,
        )


rule evaluate:
    input:
        valid=prepared("valid"),
        test=prepared("test"),
        predictions=paper.each_method("predictions.h5"),
        code=paper.code("evaluate"),
    output:
        metrics=paper.path("seed{seed}/metrics.json"),
        decorrelated=paper.path("seed{seed}/decorrelated.h5"),
    log:
        paper.log("evaluate", "seed"),
    benchmark:
        paper.benchmark("evaluate", "seed")
    conda:
        paper.env("core")
    params:
        config=paper.section("evaluate"),
        splits=splits,
    shell:
        paper.shell(
            "evaluate",
            folders={"prepared": "prepared", "seeds": "."},
            outputs="metrics decorrelated",
            wildcards="seed",
        )


rule figures:
    input:
        test=prepared("test"),
        predictions=paper.each_seed_and_method("predictions.h5"),
        histories=paper.each_seed_and_method("history.csv"),
        decorrelated=paper.each_seed("decorrelated.h5"),
        metrics=paper.path("metrics.json"),
        published="papers/hbb/published.yaml",
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
        splits=splits,
    shell:
        paper.shell(
            "figures",
            inputs="metrics published",
            folders={"prepared": "prepared", "seeds": ".", "figures": "figures"},
        )
