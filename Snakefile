# Every folder papers/<name>/ with a rules.smk becomes a target: snakemake papers/<name>
# Options go after the target: snakemake papers/photoz --config run=generated seeds=0,1,2
import logging
import sys
from functools import partial
from pathlib import Path

from snakemake.utils import min_version

min_version("9.20")
sys.path.insert(0, workflow.basedir)

from common.settings import split_options
from common.report.fingerprint import code_fingerprint
from common.workflow.chain import whole_chain
from common.workflow.closure import import_closure
from common.workflow.outdated import remove_reports
from common.workflow.paper import (
    Paper,
    discover,
    export_environment,
    warn_of_other_runs,
)
from common.workflow.resolve import write_settings
from common.workflow.screen import take_over
from common.errors import InputError

PAPERS = discover()
try:
    OPTIONS, _ = split_options(config, papers=PAPERS)
    export_environment(OPTIONS, python=sys.executable)
except InputError as error:
    raise WorkflowError(str(error))
BY_NAME = {name: Paper(name, config) for name in PAPERS}
warn_of_other_runs(Path(".snakemake/locks"))
SCREEN = take_over(logging.getLogger("snakemake.logging"), workflow.output_settings)


# Every file on the way to some targets, so that no number outlives a failed stage.
chain_of = lambda wildcards, targets: whole_chain(workflow.rules, targets)


onstart:
    needed = list(workflow.dag.needrun_jobs())
    write_settings(
        BY_NAME, (str(f) for job in needed for f in (*job.input, *job.output))
    )
    remove_reports(str(file) for job in needed for file in job.output)


onerror:
    SCREEN.show_failures()


wildcard_constraints:
    paper="|".join(PAPERS),
    run="[a-z0-9_]+",
    seed=r"\d+",
    method="[a-z0-9_]+",
    task="[a-z]+",
    split="train|valid|test",


# One module per paper: rules are called <paper>_<stage>, and no paper sees another one's names.
for name in PAPERS:
    renamed = f"{name}_*"

    module:
        name: name
        snakefile:
            f"papers/{name}/rules.smk"
        config:
            config

    use rule * from name as renamed


include: "workflow/rules/download.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/targets.smk"


# An included file cannot set the default target, so this rule is here.
rule all:
    default_target: True
    input:
        reports=[f"results/{name}/{OPTIONS.run}/report.html" for name in PAPERS],
        chain=partial(
            chain_of,
            targets=[f"results/{name}/{OPTIONS.run}/report.html" for name in PAPERS],
        ),
    log:
        f"results/{OPTIONS.run}_summary.log",
    localrule: True
    conda:
        "envs/core.yaml"
    params:
        strict="--strict" if OPTIONS.strict else "",
    shell:
        "python -m common.report.summary --reports {input.reports:q} {params.strict} 2>&1 | tee {log:q}"
