"""Fetch and verify one file of an archive.

REQUIRED INPUTS:
    papers/<paper>/datasets.yaml declares the file: addresses, size, checksum, licence, access
OUTPUTS:
    results/<paper>/<run>/receipts/<data set>/<file>.json says what was verified. The file itself, in the data
    folder, is deliberately not an output: Snakemake deletes outputs when a rule fails or is forced.
"""


rule download:
    input:
        code=import_closure("common.download.fetch"),
    output:
        receipt="results/{paper}/{run}/receipts/{dataset}/{file}.json",
    log:
        "results/{paper}/{run}/logs/download/{dataset}/{file}.log",
    benchmark:
        "results/{paper}/{run}/benchmarks/download/{dataset}/{file}.jsonl"
    wildcard_constraints:
        dataset="(?!(generated|located)/)[^/]+",
        file=".+",
    conda:
        "../../envs/core.yaml"
    threads: 1
    params:
        state=lambda w: BY_NAME[w.paper].receipt_state(w),
        declared=lambda w: BY_NAME[w.paper].declared_file(w),
    shell:
        "python -m common.download.fetch --datasets papers/{wildcards.paper}/datasets.yaml"
        " --dataset {wildcards.dataset:q} --file {wildcards.file:q} --receipt {output.receipt:q} > {log:q} 2>&1"
