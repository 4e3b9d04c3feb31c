"""What the tests of OpenSearch Service share: clients, domains in a line, requests to their endpoints."""

import json

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

urllib3 = pytest.importorskip("urllib3")

CONFIG = Config(retries={"max_attempts": 0}, parameter_validation=False)
VOLUMES = {"EBSEnabled": True, "VolumeSize": 10}
SMALL = {"ClusterConfig": {"InstanceType": "t3.small.search"}, "EBSOptions": VOLUMES}
KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", "secret")


@pytest.fixture
def search(aws):
    return boto3.client("opensearch", region_name="us-east-1", config=CONFIG)


@pytest.fixture
def es(aws):
    return boto3.client("es", region_name="us-east-1", config=CONFIG)


@pytest.fixture
def make(search):
    """make(EngineVersion=…) -> the DomainStatus of a new domain, once it is there."""

    def make(name="shop", **options):
        search.create_domain(**{"DomainName": name, **SMALL, **options})
        return search.describe_domain(DomainName=name)["DomainStatus"]

    return make


@pytest.fixture
def refused():
    """refused(call, code, message, **parameters)"""

    def refused(call, code, message, /, **parameters):
        with pytest.raises(ClientError) as error:
            call(**parameters)
        answer = error.value.response
        assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (code, message)
        return answer["ResponseMetadata"]["HTTPStatusCode"]

    return refused


def request(method, host, path, body=None, keys=KEYS):
    """(status, answer) of a request to an endpoint, signed unless there are no keys."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    asked = AWSRequest(method, f"https://{host}{path}", data=data, headers={"Content-Type": "application/json"})
    if keys is not None:
        SigV4Auth(keys, "es", "us-east-1").add_auth(asked)
    answer = urllib3.PoolManager().request(method, asked.url, body=data, headers=dict(asked.headers), retries=False)
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    return answer.status, json.loads(answer.data) if is_json and answer.data else answer.data.decode()


@pytest.fixture
def ask(make):
    """ask("PUT", "/books/_doc/1", {...}) -> (status, answer) of the domain `shop`."""
    host = make()["Endpoint"]

    def ask(method, path, body=None, keys=KEYS):
        return request(method, host, path, body, keys)

    return ask
