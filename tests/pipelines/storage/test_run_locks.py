"""One run of an organisation at a time: the second waits and says for whom, and a dead one holds up nobody."""

import fcntl
import multiprocessing
import threading

import pytest

from pipelines.storage.run_locks import OrganisationBusyError, organisation_lock

PROCESSES = multiprocessing.get_context("forkserver")


def hold(folder, holder, line):
    """A run that works on the organisation until the test ends it."""
    with organisation_lock(folder, holder=holder, waiting=line.send):
        line.send("working")
        line.recv()


class Run:
    """A run in a process of its own."""

    def __init__(self, folder, holder):
        self._line, theirs = PROCESSES.Pipe()
        self.process = PROCESSES.Process(target=hold, args=(folder, holder, theirs))
        self.process.start()
        theirs.close()

    def says(self):
        assert self._line.poll(120)
        return self._line.recv()

    def ends(self):
        self._line.send("end")
        self.process.join(120)

    def is_killed(self):
        self.process.kill()
        self.process.join(120)


@pytest.fixture
def run(tmp_path):
    """Start runs of the organisation `acme`; whatever still works at the end is killed."""
    runs = []

    def start(holder, organisation="acme"):
        runs.append(Run(tmp_path / organisation, holder))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.is_alive():
            run.is_killed()


def test_a_second_run_waits_and_says_whom_it_waits_for(run):
    first = run("the run 1 of load")
    assert first.says() == "working"
    second = run("the run 2 of plan")
    assert second.says() == (
        f"Waiting for the run 1 of load (process {first.process.pid}), which is working on the organisation 'acme'; "
        "60 min at most."
    )
    first.ends()
    assert second.says() == "working"


def test_a_third_run_waits_for_the_one_that_works_now(run):
    first = run("a long one, with a longer name than the one that follows")
    first.says()
    first.ends()
    second = run("a short one")
    second.says()
    assert f"Waiting for a short one (process {second.process.pid})," in run("the third").says()


def test_a_killed_run_frees_the_organisation(run):
    first = run("the run 1 of load")
    first.says()
    second = run("the run 2 of plan")
    assert "Waiting" in second.says()
    first.is_killed()
    assert second.says() == "working"


def test_a_run_that_failed_frees_the_organisation(tmp_path, run):
    with (
        pytest.raises(ZeroDivisionError),
        organisation_lock(tmp_path / "acme", holder="the run 1", waiting=pytest.fail),
    ):
        raise ZeroDivisionError
    assert run("the run 2").says() == "working"


def test_runs_of_different_organisations_do_not_wait_for_each_other(run):
    assert run("the run 1").says() == "working"
    assert run("the run 2", organisation="globex").says() == "working"


def test_a_run_that_waited_long_enough_says_who_works_and_gives_up(tmp_path, run):
    run("the run 1 of load").says()
    sentences: list[str] = []
    with (
        pytest.raises(OrganisationBusyError, match=r"the run 1 of load .* is still working on the organisation 'acme'"),
        organisation_lock(tmp_path / "acme", holder="the run 2", waiting=sentences.append, longest_wait_seconds=0),
    ):
        pytest.fail("two runs at once")
    assert len(sentences) == 1


def test_a_run_that_took_the_lock_a_moment_ago_is_named_once_it_has_signed(tmp_path):
    sentences: list[str] = []
    with (tmp_path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        later = threading.Timer(0.2, lambda: (file.write("the run 1 (process 7)"), file.flush()))
        later.start()
        with (
            pytest.raises(OrganisationBusyError, match=r"^the run 1 \(process 7\) is still working"),
            organisation_lock(tmp_path, holder="the run 2", waiting=sentences.append, longest_wait_seconds=0.5),
        ):
            pytest.fail("two runs at once")
    assert sentences == [
        f"Waiting for the run 1 (process 7), which is working on the organisation {tmp_path.name!r}; 1 min at most."
    ]


def test_a_run_that_has_ended_is_named_no_more(tmp_path):
    with organisation_lock(tmp_path, holder="the run 1", waiting=pytest.fail):
        pass
    assert (tmp_path / "lock").read_text() == ""
