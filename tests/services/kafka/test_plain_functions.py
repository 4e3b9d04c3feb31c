"""What needs no cluster: settings as they are checked and completed."""

import pytest

from awsim.cloud import Cloud
from awsim.errors import AWSError
from awsim.services.kafka import checks, offerings


def test_subnets_lie_in_zones_of_their_own():
    limits = Cloud().limits.for_service("kafka", "123456789012", "us-east-1")
    checks.zones(["subnet-1", "subnet-2"], ["us-east-1a", "us-east-1b"], False, limits)
    with pytest.raises(AWSError) as refused:
        checks.zones(["subnet-1", "subnet-2"], ["us-east-1a", "us-east-1a"], False, limits)
    assert refused.value.message == (
        "The number of Availability Zones in the BrokerAZDistribution parameter must be equal to the number of client "
        "subnets."
    )
    assert refused.value.fields == {"InvalidParameter": "brokerAZDistribution"}


def test_authentication_is_completed():
    on, off = {"Enabled": True}, {"Enabled": False}
    none = {"CertificateAuthorityArnList": [], **off}
    assert checks.authentication(None) == {"Sasl": {"Scram": off, "Iam": off}, "Tls": none, "Unauthenticated": on}
    iam = checks.authentication({"Sasl": {"Iam": on}})
    assert iam == {"Sasl": {"Scram": off, "Iam": on}, "Tls": none, "Unauthenticated": off}
    tls = checks.authentication({"Tls": {"CertificateAuthorityArnList": ["a"]}}, iam)
    assert tls == {**iam, "Tls": {"CertificateAuthorityArnList": ["a"], **on}}


def test_versions_that_a_cluster_can_go_to():
    assert offerings.targets("2.8.1") == ["3.6.0", "3.7.x", "3.8.x", "3.9.x"]
    assert offerings.targets("3.9.x") == []
    assert offerings.targets("3.9.x.kraft") == ["4.0.x.kraft", "4.1.x.kraft"]
    assert offerings.targets("none") == []
