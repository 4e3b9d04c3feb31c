"""The README does what it says: every snippet runs, every command is there."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from awsim.mocking import _OPTIONS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def test_the_snippets_run(tmp_path):
    program, *rest = blocks("python")
    (tmp_path / "orders.py").write_text(program)
    adding = next(block for block in rest if "class DataPipeline" in block)
    rest.remove(adding)
    (tmp_path / "test_snippets.py").write_text("\n\n".join(rest))
    (tmp_path / "test_adding.py").write_text(
        adding
        + """

def test_it(monkeypatch):
    import pytest
    from awsim import AWSError, Cloud
    from awsim.gateway import plan
    genuine = plan.service_class
    monkeypatch.setattr(plan, "service_class", lambda name: DataPipeline if name == "datapipeline" else genuine(name))
    cloud = Cloud()
    made = cloud.call("datapipeline", "create_pipeline", name="nightly", uniqueId="n-1")
    assert cloud.call("datapipeline", "create_pipeline", name="nightly", uniqueId="n-1") == made
    cloud.call("datapipeline", "delete_pipeline", **made)
    with pytest.raises(AWSError, match="was not found"):
        cloud.call("datapipeline", "delete_pipeline", **made)
"""
    )
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "."],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    tests = sum(block.count("def test_") for block in [*rest, adding]) + 1
    assert f"{tests} passed" in answer.stdout


def test_the_quickstart_runs():
    answer = subprocess.run(
        [sys.executable, "examples/quickstart.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "3 messages worked off" in answer.stdout
    assert "SendMessage: InvalidParameterValue: One or more parameters are invalid." in answer.stdout
    assert "visible again: True" in answer.stdout


def test_the_two_commands_are_what_ci_runs():
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert commands[:2] == ["pip install -e . && python examples/quickstart.py", 'pip install -e ".[test]" && pytest']
    assert "install --quiet -e . && python examples/quickstart.py" in script
    assert 'install --quiet -e ".[test]" && pytest' in script


@pytest.mark.parametrize("command", [line for block in blocks("sh")[2:] for line in block.splitlines()])
def test_the_other_commands_run(command):
    arguments = command.split()
    assert arguments[:3] == ["python", "-m", "awsim"]
    subprocess.run([sys.executable, *arguments[1:]], cwd=ROOT, capture_output=True, check=True)


def test_every_option_is_in_the_table():
    assert set(re.findall(r"^\| `(\w+)` \|", README, re.M)) == set(_OPTIONS)


def test_versions_named_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"Python {project['requires-python'].lstrip('>=')} or newer" in README
    botocore = next(dependency for dependency in project["dependencies"] if dependency.startswith("botocore"))
    assert f"botocore {botocore.split('>=')[1]} or newer" in README
