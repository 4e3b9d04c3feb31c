"""`python -m awsim limits` and `python -m awsim coverage`."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import awsim.__main__ as command_line
from awsim.__main__ import main


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def line_of(found: list[str], name: str) -> str:
    (line,) = [line for line in found if line.split()[0] == name]
    return line


def test_limits_of_one_service(capsys):
    assert main(["limits", "sqs"]) == 0
    found = lines(capsys)
    assert found[0].split() == ["NAME", "KIND", "VALUE", "PER", "ERROR", "WAS", "SOURCE"]
    assert all(line.startswith("sqs.") for line in found[1:])
    size = line_of(found, "sqs.message-size")
    assert "1,048,576 bytes" in size
    assert "262,144 until 2025-08-04" in size
    assert "Developer Guide" in size
    assert "60 seconds" in line_of(found, "sqs.queue-name-reuse")
    assert "requests/s" in line_of(found, "sqs.fifo-send")


def test_limits_as_of_a_day(capsys):
    assert main(["limits", "sqs", "--as-of", "2024-01-31"]) == 0
    assert "262,144 bytes" in line_of(lines(capsys), "sqs.message-size")


def test_limits_of_all_services(capsys):
    assert main(["limits"]) == 0
    assert any(line.startswith("sqs.message-size ") for line in lines(capsys))


def test_an_unknown_service(capsys):
    assert main(["limits", "sqz"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert 'there is no limits table for "sqz": did you mean "sqs"?' in printed.err


def test_a_wrong_date(capsys):
    with pytest.raises(SystemExit) as left:
        main(["limits", "--as-of", "yesterday"])
    assert left.value.code == 2
    assert "write it as in 2024-01-31" in capsys.readouterr().err


@pytest.fixture
def two_services(monkeypatch):
    """A service with two operations of SQS, one of them inherited, and one without any of STS."""
    base = types.new_class("Base", (), {}, lambda body: body.update(__module__="awsim.service", add_permission=print))
    queues = types.new_class(
        "Queues", (base,), {}, lambda body: body.update(name="sqs", send_message=print, receive_message=print, helper=1)
    )
    more = types.new_class("More", (queues,), {}, lambda body: body.update(purge_queue=print, delete_queue=None))
    tokens = types.new_class("Tokens", (base,), {}, lambda body: body.update(name="sts"))
    monkeypatch.setattr(command_line, "_services", lambda: {"sqs": more, "sts": tokens})


@pytest.mark.usefixtures("two_services")
def test_coverage_of_all_services(capsys):
    assert main(["coverage"]) == 0
    found = lines(capsys)
    sqs, sts, total = (line_of(found, name).split() for name in ("sqs", "sts", "total"))
    assert (sqs[1], sts[1], total[1]) == ("3", "0", "3")
    assert int(total[2]) == int(sqs[2]) + int(sts[2])
    assert int(sqs[2]) >= 20


@pytest.mark.usefixtures("two_services")
def test_coverage_of_one_service(capsys):
    assert main(["coverage", "sqs"]) == 0
    found = lines(capsys)
    assert found[0].startswith("sqs: 3 of ")
    assert found[1:4] == ["  PurgeQueue", "  ReceiveMessage", "  SendMessage"]
    # What the base class of all services happens to be called and what is no method are not operations.
    assert {"  AddPermission  not modelled", "  DeleteQueue  not modelled"} <= set(found[4:])


@pytest.mark.usefixtures("two_services")
def test_coverage_of_a_service_that_is_not_modelled(capsys):
    assert main(["coverage", "ec2"]) == 2
    assert '"ec2" is not modelled; modelled are: sqs, sts' in capsys.readouterr().err


def test_as_a_module():
    run = subprocess.run([sys.executable, "-m", "awsim", "limits", "sqs"], capture_output=True, text=True, check=True)
    assert "sqs.message-size" in run.stdout
    run = subprocess.run([sys.executable, "-m", "awsim"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "command" in run.stderr
