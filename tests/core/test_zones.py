"""Where subnets lie: as EC2 says, or guessed from their ids where there is no EC2."""

import pytest

from awsim.errors import AWSError
from awsim.zones import zone_id, zones_of


class Service:
    """A service in a Region, and what EC2 answers it."""

    region, account = "us-east-1", "123456789012"

    def __init__(self, answer=None, refusal=None):
        self.answer, self.refusal, self.cloud = answer, refusal, self

    def has_service(self, name, account, region):
        assert (name, account, region) == ("ec2", self.account, self.region)
        return self.answer is not None or self.refusal is not None

    def call(self, service, operation, **params):
        assert (service, operation) == ("ec2", "DescribeSubnets")
        if self.answer is None:
            raise AWSError(self.refusal, "no")
        return {"Subnets": [{"SubnetId": id, "AvailabilityZone": zone} for id, zone in self.answer.items()]}


def letters(*subnets):
    return "".join(zone[-1] for zone in zones_of(Service(), subnets))


def test_the_end_of_an_id_tells_its_zone():
    assert zones_of(Service(), ["subnet-1"]) == ["us-east-1a"]
    assert letters("subnet-1", "subnet-2", "subnet-3") == "abc"
    assert letters("subnet-3", "subnet-0000000b", "subnet-a") == "cba"
    assert letters("subnet-4") == "a"
    assert letters("subnet-0") == "c"
    assert letters("public") == letters("public")


def test_subnets_that_are_given_together_lie_apart():
    assert letters("subnet-01", "subnet-11", "subnet-21") == "abc"
    assert letters("subnet-2", "subnet-12") == "bc"
    assert len(letters(*"12345")) == 5


def test_ec2_knows_better():
    known = {"subnet-2": "us-east-1d", "subnet-1": "us-east-1d"}
    assert zones_of(Service(known), ["subnet-1", "subnet-2"]) == ["us-east-1d", "us-east-1d"]
    with pytest.raises(AWSError):
        zones_of(Service(refusal="InvalidSubnetID.NotFound"), ["subnet-1"])


@pytest.mark.parametrize(
    ("zone", "id"),
    [
        ("us-east-1a", "use1-az1"),
        ("eu-west-1c", "euw1-az3"),
        ("ap-southeast-2b", "apse2-az2"),
        ("us-gov-west-1a", "usgw1-az1"),
        ("ca-central-1a", "cac1-az1"),
    ],
)
def test_ids_of_zones(zone, id):
    assert zone_id(zone) == id
