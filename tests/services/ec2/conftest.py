"""A client of EC2, a public image, and refusals in one line."""

import pytest

boto3 = pytest.importorskip("boto3")
from botocore.exceptions import ClientError  # noqa: E402


@pytest.fixture
def ec2(aws):
    return boto3.client("ec2", region_name="us-east-1")


@pytest.fixture
def image(ec2):
    """An image of Amazon Linux 2, x86_64."""
    return images(ec2, "amzn2-ami-hvm-*")[0]["ImageId"]


def images(ec2, name):
    return ec2.describe_images(Filters=[{"Name": "name", "Values": [name]}])["Images"]


@pytest.fixture
def launch(ec2, image):
    """Launches instances (t2.micro, one) and gives them as the answer has them."""

    def launch(**changes):
        wanted = {"ImageId": image, "InstanceType": "t2.micro", "MinCount": 1, "MaxCount": 1, **changes}
        made = ec2.run_instances(**wanted)["Instances"]
        return made[0] if len(made) == 1 else made

    return launch


@pytest.fixture
def instance(ec2):
    """An instance as it is described now."""

    def instance(id_):
        (reservation,) = ec2.describe_instances(InstanceIds=[id_])["Reservations"]
        return reservation["Instances"][0]

    return instance


@pytest.fixture
def refused():
    """Makes a call that is refused with a code, and gives the message."""

    def refused(code, call, **parameters):
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        assert caught.value.response["Error"]["Code"] == code, caught.value
        return caught.value.response["Error"]["Message"]

    return refused


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a")
    return made["Subnet"]["SubnetId"]
