"""VPC peering."""

import pytest

boto3 = pytest.importorskip("boto3")


@pytest.fixture
def other(ec2):
    return ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]


def status(ec2, id_):
    (found,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id_])["VpcPeeringConnections"]
    return found["Status"]["Code"]


def ask(ec2, vpc, other, **more):
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other, **more)["VpcPeeringConnection"]
    return made["VpcPeeringConnectionId"]


@pytest.mark.rule("ec2-463", "ec2-464", "ec2-465", "ec2-470")
def test_two_vpcs_are_joined(ec2, vpc, other, refused):
    id_ = ask(ec2, vpc, other)
    assert status(ec2, id_) == "pending-acceptance"
    assert ask(ec2, vpc, other) == id_
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id_)
    assert status(ec2, id_) == "active"
    refused("InvalidStateTransition", ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=id_)
    refused("VpcPeeringConnectionAlreadyExists", ec2.create_vpc_peering_connection, VpcId=other, PeerVpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=id_)

    def route():
        (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return next(each["State"] for each in found["Routes"] if each["DestinationCidrBlock"] == "10.1.0.0/16")

    assert route() == "active"
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id_)
    assert (status(ec2, id_), route()) == ("deleted", "blackhole")
    ask(ec2, vpc, other)


@pytest.mark.rule("ec2-466")
def test_a_request_expires(aws, ec2, vpc, other, refused):
    id_ = ask(ec2, vpc, other)
    aws.clock.advance(days=7)
    assert status(ec2, id_) == "expired"
    refused("InvalidStateTransition", ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=id_)


@pytest.mark.rule("ec2-467")
def test_only_the_other_side_accepts(aws, ec2, vpc, refused):
    keys = {"aws_access_key_id": "999999999999", "aws_secret_access_key": "x"}
    theirs = boto3.client("ec2", region_name="eu-west-1", **keys)
    far = theirs.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    id_ = ask(ec2, vpc, far, PeerOwnerId="999999999999", PeerRegion="eu-west-1")
    refused("OperationNotPermitted", ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=id_)
    nearer = boto3.client("ec2", region_name="us-east-1", **keys)
    refused("InvalidVpcPeeringConnectionID.NotFound", nearer.accept_vpc_peering_connection, VpcPeeringConnectionId=id_)
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=id_)
    assert status(ec2, id_) == status(theirs, id_) == "active"


@pytest.mark.rule("ec2-311", "ec2-468")
def test_overlapping_blocks(ec2, vpc):
    twin = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert status(ec2, ask(ec2, vpc, twin)) == "failed"
    assert status(ec2, ask(ec2, vpc, "vpc-12345678")) == "failed"
