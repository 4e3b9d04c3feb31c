"""Programs nobody here wrote, on awsim: they find no credentials, region or profile on this machine."""

import os

import pytest


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":  # where the AWS CLI keeps its own data
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("HOME", str(tmp_path))
