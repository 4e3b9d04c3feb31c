"""Transit gateways, alone and shared."""

import pytest

boto3 = pytest.importorskip("boto3")

OTHER = "999999999999"


@pytest.fixture
def hub(ec2):
    made = ec2.create_transit_gateway(Description="hub")["TransitGateway"]
    assert made["State"] == "pending"
    return made


@pytest.mark.rule("ec2-508", "ec2-513")
def test_a_hub(ec2, hub, vpc, subnet, refused):
    id_ = hub["TransitGatewayId"]
    (found,) = ec2.describe_transit_gateways()["TransitGateways"]
    assert (found["State"], found["Options"]["VpnEcmpSupport"]) == ("available", "enable")
    attached = {"TransitGatewayId": id_, "VpcId": vpc, "SubnetIds": [subnet]}
    made = ec2.create_transit_gateway_vpc_attachment(**attached)["TransitGatewayVpcAttachment"]
    assert made["State"] == "pending"
    (shown,) = ec2.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]
    assert shown["State"] == "available"
    refused("DuplicateTransitGatewayAttachment", ec2.create_transit_gateway_vpc_attachment, **attached)
    refused("IncorrectState", ec2.delete_transit_gateway, TransitGatewayId=id_)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", TransitGatewayId=id_)
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=made["TransitGatewayAttachmentId"])
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    states = {each["DestinationCidrBlock"]: each["State"] for each in found["Routes"]}
    assert states["10.9.0.0/16"] == "blackhole"
    ec2.delete_transit_gateway(TransitGatewayId=id_)


@pytest.mark.rule("ram-001")
def test_a_hub_is_shared(aws, ec2, hub, refused):
    keys = {"region_name": "us-east-1", "aws_access_key_id": OTHER, "aws_secret_access_key": "x"}
    theirs = boto3.client("ec2", **keys)
    vpc = theirs.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = theirs.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    wanted = {"TransitGatewayId": hub["TransitGatewayId"], "VpcId": vpc, "SubnetIds": [subnet]}
    refused("InvalidTransitGatewayID.NotFound", theirs.create_transit_gateway_vpc_attachment, **wanted)
    boto3.client("ram", region_name="us-east-1").create_resource_share(
        name="hub", resourceArns=[hub["TransitGatewayArn"]], principals=[OTHER], allowExternalPrincipals=True
    )
    refused("InvalidTransitGatewayID.NotFound", theirs.create_transit_gateway_vpc_attachment, **wanted)
    ram = boto3.client("ram", **keys)
    (invitation,) = ram.get_resource_share_invitations()["resourceShareInvitations"]
    ram.accept_resource_share_invitation(resourceShareInvitationArn=invitation["resourceShareInvitationArn"])
    assert [each["OwnerId"] for each in theirs.describe_transit_gateways()["TransitGateways"]] == ["123456789012"]
    made = theirs.create_transit_gateway_vpc_attachment(**wanted)["TransitGatewayVpcAttachment"]
    assert made["State"] == "pendingAcceptance"
    id_ = made["TransitGatewayAttachmentId"]
    refused("OperationNotPermitted", theirs.accept_transit_gateway_vpc_attachment, TransitGatewayAttachmentId=id_)
    ec2.accept_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=id_)
    (shown,) = theirs.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]
    assert shown["State"] == "available"
