"""The screen of a run: one line a step, and each failure once."""

import logging
from enum import Enum
from types import SimpleNamespace

import pytest

from common.workflow.screen import Screen, command_in, message_in, take_over, title_of


class Event(Enum):
    JOB_INFO = "job_info"
    JOB_FINISHED = "job_finished"
    JOB_ERROR = "job_error"
    PROGRESS = "progress"
    RUN_INFO = "run_info"
    ERROR = "error"


def record(event=None, level=logging.INFO, text="", **values):
    made = logging.makeLogRecord({"levelno": level, "msg": text} | values)
    if event:
        made.event = event
    return made


def job(number, rule="mini_train", log="", **wildcards):
    return {"jobid": number, "rule_name": rule, "wildcards": wildcards, "log": [log] if log else []}


def test_a_finished_job_is_one_line_with_its_number_time_and_title(capsys):
    screen = Screen()
    assert not screen.filter(record(Event.JOB_INFO, **job(5, run="smoke", method="cnn", seed="0")))
    assert capsys.readouterr().err == ""
    assert not screen.filter(record(Event.JOB_FINISHED, job_id=5))
    assert not screen.filter(record(Event.PROGRESS, done=3, total=12))
    line = capsys.readouterr().err
    assert line.startswith("mini_train · method cnn, seed 0  ") and line.endswith(" s  [ 3/12]\n")


def test_the_summary_has_no_line_of_its_own(capsys):
    screen = Screen()
    screen.filter(record(Event.JOB_INFO, **job(0, rule="papers/mini")))
    screen.filter(record(Event.JOB_FINISHED, job_id=0))
    screen.filter(record(Event.PROGRESS, done=1, total=1))
    assert capsys.readouterr().err == ""


def test_jobs_that_fail_alike_are_told_once_with_message_and_command(tmp_path, capsys):
    screen = Screen()
    for seed in ("0", "1", "2"):
        log = tmp_path / f"{seed}.log"
        log.write_text(f"$ python -m papers.mini.train --seed {seed}\nread 3\nerror: no jet is left\nUse more.\n")
        screen.filter(record(Event.JOB_INFO, **job(int(seed), seed=seed, log=str(log))))
        assert not screen.filter(record(Event.JOB_ERROR, **job(int(seed), log=str(log))))
    screen.show_failures()
    said = capsys.readouterr().err
    assert said.count("error: no jet is left\nUse more.\n") == 1 and said.count("command: ") == 1
    assert "failed: mini_train · seed 0" in said and "The same in: mini_train · seed 1; mini_train · seed 2" in said
    assert "read 3" not in said


def test_what_snakemake_says_about_anything_but_jobs_passes():
    screen = Screen()
    assert screen.filter(record(level=logging.ERROR, text="MissingRuleException: no rule to produce papers/minni"))
    assert not screen.filter(record(level=logging.ERROR, text="RuleException:\nCalledProcessError in file x"))
    assert not screen.filter(record(text="Building DAG of jobs..."))
    assert not screen.filter(record(Event.RUN_INFO))
    assert screen.filter(record(Event.ERROR, level=logging.ERROR, text="WorkflowError: no such profile"))


@pytest.mark.parametrize("event", [None, Event.ERROR])
def test_what_snakemake_says_about_a_failed_job_does_not_pass(event):
    screen = Screen()
    assert not screen.filter(record(event, level=logging.ERROR, text="RuleException: CalledProcessError in file x"))
    end = "WorkflowError: At least one job did not complete successfully."
    assert screen.filter(record(event, level=logging.ERROR, text=end)), "nobody has said why"
    screen.filter(record(Event.JOB_ERROR, **job(1)))
    assert not screen.filter(record(event, level=logging.ERROR, text=end))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$ cmd\nTraceback\nValueError: x", "$ cmd\nTraceback\nValueError: x"),
        ("", "It ended without a word; it may have been killed, e.g. for lack of memory."),
    ],
)
def test_a_log_without_a_message_of_ours_shows_its_end(tmp_path, text, message):
    (tmp_path / "log").write_text(text)
    assert message_in(tmp_path / "log") == message
    assert message_in(tmp_path / "none") == "It ended without a log."


def test_a_log_begins_with_its_command(tmp_path):
    (tmp_path / "log").write_text("$ python -m papers.mini.train\nmore\n")
    assert command_in(tmp_path / "log") == "python -m papers.mini.train"
    assert command_in(tmp_path / "none") == ""


def test_titles_leave_out_what_every_job_has():
    assert title_of("download", {"paper": "hbb", "run": "small", "file": "a"}) == "download · file a, paper hbb"


@pytest.mark.parametrize("asked", ["dryrun", "verbose", "printshellcmds", "debug_dag", None])
def test_whoever_asks_for_more_gets_all_of_it(asked):
    names = ("dryrun", "verbose", "printshellcmds", "debug_dag")
    logger = logging.Logger("snakemake")
    logger.addHandler(logging.StreamHandler())
    take_over(logger, SimpleNamespace(**{name: name == asked for name in names}))
    assert [type(found) for found in logger.handlers[0].filters] == ([] if asked else [Screen])
