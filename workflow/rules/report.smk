"""Write a paper's report: verdicts, figures, deviations, provenance, cost.

REQUIRED INPUTS:
    results/<paper>/<run>/comparison.json, metrics.json, figures/, receipts/
    papers/<paper>/published.yaml and README.md (its numbered deviations)
OUTPUTS:
    results/<paper>/<run>/report.html and report.md
"""


rule report:
    input:
        comparison="results/{paper}/{run}/comparison.json",
        metrics="results/{paper}/{run}/metrics.json",
        receipts=lambda w: BY_NAME[w.paper].receipts(w),
        figures=lambda w: expand(getattr(rules, f"{w.paper}_figures").output, run=w.run),
        published="papers/{paper}/published.yaml",
        readme="papers/{paper}/README.md",
        code=import_closure("common.report.page"),
        templates=expand(
            "common/report/templates/{name}.j2",
            name=["page.html", "report.html", "report.md"],
        ),
        chain=lambda w: chain_of(
            w,
            [
                f"results/{w.paper}/{w.run}/comparison.json",
                *expand(getattr(rules, f"{w.paper}_figures").output, run=w.run),
            ],
        ),
    output:
        html="results/{paper}/{run}/report.html",
        markdown="results/{paper}/{run}/report.md",
    log:
        "results/{paper}/{run}/logs/report.log",
    benchmark:
        "results/{paper}/{run}/benchmarks/report.jsonl"
    conda:
        "../../envs/core.yaml"
    threads: 1
    shell:
        "python -m common.report.page --paper papers/{wildcards.paper} --results results/{wildcards.paper}/{wildcards.run}"
        " --settings results/{wildcards.paper}/{wildcards.run}/settings.yaml --html {output.html:q} --markdown {output.markdown:q} > {log:q} 2>&1"
