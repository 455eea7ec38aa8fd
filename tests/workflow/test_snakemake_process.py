"""The Snakemake process stays light: it plans, the stages compute."""

from tests.workflow.conftest import cpu_seconds_of_children

BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "tensorflow", "keras", "torch_geometric"):
            open({marker!r}, "a").write(name + "\\n")
sys.meta_path.insert(0, Blocker())
"""


def test_planning_200_jobs_takes_less_than_three_cpu_seconds(checkout):
    seeds = ",".join(map(str, range(66)))  # 66 x (train, predict, evaluate) and the shared steps
    spent = []
    for _ in range(3):  # the least of three: another process on the machine can only add
        before = cpu_seconds_of_children()
        jobs = checkout.jobs("papers/mini", "--config", "run=smoke", f"seeds={seeds}")
        spent.append(cpu_seconds_of_children() - before)
        assert sum(jobs.values()) >= 200
    assert min(spent) < 3.0, spent


def test_it_never_imports_a_framework(checkout, tmp_path):
    marker = tmp_path / "imported.txt"
    (tmp_path / "sitecustomize.py").write_text(BLOCKER.format(marker=str(marker)))
    done = checkout.snakemake("papers/mini", "--config", "run=smoke", "-n", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert not marker.exists(), marker.read_text()


def test_the_blocker_would_notice(tmp_path, checkout):
    marker = tmp_path / "imported.txt"
    (tmp_path / "sitecustomize.py").write_text(BLOCKER.format(marker=str(marker)))
    checkout.edit("Snakefile", "import sys\n", "import sys\ntry:\n    import torch\nexcept ImportError:\n    pass\n")
    checkout.snakemake("papers/mini", "--config", "run=smoke", "-n", PYTHONPATH=str(tmp_path))
    assert marker.read_text().startswith("torch")
