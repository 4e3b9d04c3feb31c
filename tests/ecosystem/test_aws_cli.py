"""The AWS CLI, run in this process."""

import io
import json
import os
import sys

import pytest

clidriver = pytest.importorskip("awscli.clidriver", reason="the AWS CLI is not installed")


@pytest.fixture
def cli(aws, capfdbinary, monkeypatch):
    """Run `aws …`; returns what it printed, as JSON where it is."""
    monkeypatch.setenv("AWS_PAGER", "")

    def run(*arguments, stdin=None, code=0):
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        status = clidriver.create_clidriver().main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        assert status == code, err.decode()
        text = (out if code == 0 else err).decode()
        return json.loads(text) if text.lstrip().startswith(("{", "[")) else text

    return run


def test_s3_files(cli, tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    assert cli("s3", "mb", "s3://reports") == "make_bucket: reports\n"
    assert "upload:" in cli("s3", "cp", tmp_path / "a.txt", "s3://reports/2026/a.txt")
    assert cli("s3", "ls", "s3://reports").split() == ["PRE", "2026/"]
    assert cli("s3", "ls", "s3://reports/2026/").split()[2:] == ["5", "a.txt"]
    assert cli("s3", "ls").split()[2] == "reports"

    cli("s3", "cp", "s3://reports/2026/a.txt", tmp_path / "down.txt")
    assert (tmp_path / "down.txt").read_text() == "hello"
    assert cli("s3", "cp", "s3://reports/2026/a.txt", "-") == "hello"
    cli("s3", "cp", "-", "s3://reports/from-stdin", stdin=b"typed")
    assert cli("s3", "cp", "s3://reports/from-stdin", "-") == "typed"

    cli("s3", "mv", "s3://reports/2026/a.txt", "s3://reports/2027/b.txt")
    assert cli("s3", "ls", "--recursive", "s3://reports").split()[3::4] == ["2027/b.txt", "from-stdin"]
    cli("s3", "rm", "--recursive", "s3://reports")
    assert cli("s3", "ls", "s3://reports") == ""
    cli("s3", "rb", "s3://reports")
    assert "NoSuchBucket" in cli("s3", "ls", "s3://reports", code=254 if _v2() else 255)


def _v2():
    import awscli

    return int(awscli.__version__.partition(".")[0]) > 1


def test_s3_sync(cli, aws, tmp_path):
    folder = tmp_path / "site"
    (folder / "css").mkdir(parents=True)
    (folder / "index.html").write_text("<p>hi</p>")
    (folder / "css" / "main.css").write_text("p {}")
    for file in (folder / "index.html", folder / "css" / "main.css"):
        # S3 tells whole seconds: what was written in the second of its upload would look newer than its object.
        os.utime(file, (1_700_000_000, 1_700_000_000))
    cli("s3", "mb", "s3://site")
    assert cli("s3", "sync", folder, "s3://site").count("upload:") == 2
    assert cli("s3", "sync", folder, "s3://site") == ""  # nothing has changed
    head = cli("s3api", "head-object", "--bucket", "site", "--key", "index.html")
    assert head["ContentType"] == "text/html"

    (folder / "index.html").unlink()
    (folder / "css" / "main.css").write_text("p { color: red }")
    out = cli("s3", "sync", "--delete", folder, "s3://site")
    assert "delete: s3://site/index.html" in out
    assert "upload:" in out
    cli("s3", "sync", "s3://site", tmp_path / "copy")
    assert (tmp_path / "copy" / "css" / "main.css").read_text() == "p { color: red }"
    cli("s3", "mb", "s3://mirror")
    assert cli("s3", "sync", "s3://site", "s3://mirror").count("copy:") == 1


def test_s3_multipart(cli, aws, tmp_path):
    (tmp_path / "big").write_bytes(bytes(20 * 1024 * 1024))
    cli("s3", "mb", "s3://reports")
    cli("s3", "cp", tmp_path / "big", "s3://reports/big")
    assert len(aws.calls.of("s3:UploadPart")) == 3
    cli("s3", "cp", "s3://reports/big", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == (tmp_path / "big").read_bytes()


def test_s3_presign(cli, aws):
    requests = pytest.importorskip("requests")
    cli("s3", "mb", "s3://reports")
    cli("s3", "cp", "-", "s3://reports/a.txt", stdin=b"hello")
    url = cli("s3", "presign", "s3://reports/a.txt", "--expires-in", "60").strip()
    assert requests.get(url, timeout=5).content == b"hello"
    aws.clock.advance(seconds=61)
    late = requests.get(url, timeout=5)
    assert late.status_code == 403
    assert "<Message>Request has expired</Message>" in late.text


def test_sqs(cli):
    url = cli("sqs", "create-queue", "--queue-name", "jobs")["QueueUrl"]
    sent = cli("sqs", "send-message", "--queue-url", url, "--message-body", "hello")
    (message,) = cli("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "5")["Messages"]
    assert (message["Body"], message["MessageId"]) == ("hello", sent["MessageId"])
    assert cli("sqs", "delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"]) == ""
    assert cli("sqs", "list-queues") == {"QueueUrls": [url]}
    assert "NonExistentQueue" in cli("sqs", "get-queue-url", "--queue-name", "none", code=254 if _v2() else 255)


def test_dynamodb(cli):
    cli(
        "dynamodb", "create-table", "--table-name", "orders", "--billing-mode", "PAY_PER_REQUEST",
        "--attribute-definitions", "AttributeName=pk,AttributeType=S", "AttributeName=sk,AttributeType=N",
        "--key-schema", "AttributeName=pk,KeyType=HASH", "AttributeName=sk,KeyType=RANGE",
    )  # fmt: skip
    assert cli("dynamodb", "wait", "table-exists", "--table-name", "orders") == ""
    for number in range(3):
        item = {"pk": {"S": "jane"}, "sk": {"N": str(number)}, "total": {"N": "9.5"}}
        cli("dynamodb", "put-item", "--table-name", "orders", "--item", json.dumps(item))
    found = cli(
        "dynamodb", "query", "--table-name", "orders", "--key-condition-expression", "pk = :pk AND sk > :sk",
        "--expression-attribute-values", json.dumps({":pk": {"S": "jane"}, ":sk": {"N": "0"}}),
    )  # fmt: skip
    assert [item["sk"]["N"] for item in found["Items"]] == ["1", "2"]
    first = cli("dynamodb", "scan", "--table-name", "orders", "--max-items", "2")
    assert len(first["Items"]) == 2
    rest = cli("dynamodb", "scan", "--table-name", "orders", "--starting-token", first["NextToken"])
    assert [item["sk"]["N"] for item in rest["Items"]] == ["2"]


def test_sts(cli):
    identity = cli("sts", "get-caller-identity")
    assert identity["Account"] == "123456789012"
    assert cli("sts", "get-caller-identity", "--query", "Account", "--output", "text") == "123456789012\n"


def test_profiles_of_a_configuration_file(cli, monkeypatch, tmp_path):
    (tmp_path / "config").write_text(
        "[profile keys]\naws_access_key_id = 210987654321\naws_secret_access_key = secret\nregion = eu-west-1\n"
        "[profile app]\nrole_arn = arn:aws:iam::333333333333:role/app\nsource_profile = keys\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert cli("sts", "get-caller-identity", "--profile", "keys")["Account"] == "210987654321"
    identity = cli("sts", "get-caller-identity", "--profile", "app")
    assert identity["Account"] == "333333333333"
    assert identity["Arn"].startswith("arn:aws:sts::333333333333:assumed-role/app/")
    assert ".eu-west-1." in cli("sqs", "create-queue", "--queue-name", "jobs", "--profile", "keys")["QueueUrl"]
