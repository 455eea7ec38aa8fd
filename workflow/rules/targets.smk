"""The targets that people type: `snakemake papers/<name>`, in every spelling a shell produces.

REQUIRED INPUTS:
    the report of the paper for the run that --config run=... names
OUTPUTS:
    none, so each call prints the verdict table and the figures, also when nothing had to be rebuilt.
    A target must never declare papers/<name> as an output: Snakemake would delete the sources.
"""

for paper_name in PAPERS:
    for spelling in ("papers/{}", "papers/{}/", "./papers/{}", "./papers/{}/"):

        rule:
            name:
                spelling.format(paper_name)
            input:
                report=f"results/{paper_name}/{OPTIONS.run}/report.html",
                chain=partial(
                    chain_of,
                    targets=[f"results/{paper_name}/{OPTIONS.run}/report.html"],
                ),
            log:
                f"results/{paper_name}/{OPTIONS.run}/logs/summary.log",
            localrule: True
            conda:
                "../../envs/core.yaml"
            params:
                strict="--strict" if OPTIONS.strict else "",
            shell:
                "python -m common.report.summary --reports {input.report:q} {params.strict} 2>&1 | tee {log:q}"
