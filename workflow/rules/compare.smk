"""Join the seeds of a run, and put each published number beside ours.

REQUIRED INPUTS:
    results/<paper>/<run>/seed<k>/metrics.json  from the paper's evaluate stage, one per seed
    papers/<paper>/published.yaml               what the article states, and where
OUTPUTS:
    results/<paper>/<run>/metrics.json          mean and scatter over the seeds
    results/<paper>/<run>/comparison.json       one verdict per published claim
"""


rule aggregate:
    input:
        seeds=lambda w: BY_NAME[w.paper].each_seed("metrics.json")(w),
        chain=lambda w: chain_of(w, BY_NAME[w.paper].each_seed("metrics.json")(w)),
        code=import_closure("common.report.aggregate"),
    output:
        metrics="results/{paper}/{run}/metrics.json",
    log:
        "results/{paper}/{run}/logs/aggregate.log",
    benchmark:
        "results/{paper}/{run}/benchmarks/aggregate.jsonl"
    conda:
        "../../envs/core.yaml"
    threads: 1
    shell:
        "python -m common.report.aggregate --settings results/{wildcards.paper}/{wildcards.run}/settings.yaml"
        " --seeds results/{wildcards.paper}/{wildcards.run} --metrics {output.metrics:q} > {log:q} 2>&1"


rule compare:
    input:
        metrics="results/{paper}/{run}/metrics.json",
        receipts=lambda w: BY_NAME[w.paper].receipts(w),
        published="papers/{paper}/published.yaml",
        code=import_closure("common.report.compare"),
        chain=lambda w: chain_of(w, [f"results/{w.paper}/{w.run}/metrics.json"]),
    output:
        comparison="results/{paper}/{run}/comparison.json",
    log:
        "results/{paper}/{run}/logs/compare.log",
    benchmark:
        "results/{paper}/{run}/benchmarks/compare.jsonl"
    conda:
        "../../envs/core.yaml"
    threads: 1
    params:
        settings=lambda w: BY_NAME[w.paper].resolved(w),
        code=lambda w: code_fingerprint(w.paper),
    shell:
        "python -m common.report.compare --settings results/{wildcards.paper}/{wildcards.run}/settings.yaml --published {input.published:q}"
        " --metrics {input.metrics:q} --receipts results/{wildcards.paper}/{wildcards.run}/receipts"
        " --code {params.code} --comparison {output.comparison:q} > {log:q} 2>&1"
