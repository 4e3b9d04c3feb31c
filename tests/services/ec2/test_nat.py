"""NAT gateways."""

import pytest


@pytest.fixture
def nat(ec2, vpc, subnet):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]


def shown(ec2, nat):
    return ec2.describe_nat_gateways(NatGatewayIds=[nat["NatGatewayId"]])["NatGateways"][0]


@pytest.mark.rule("ec2-356", "ec2-357", "ec2-358", "ec2-363")
def test_what_a_nat_gateway_needs(ec2, vpc, subnet, refused):
    refused("MissingParameter", ec2.create_nat_gateway, SubnetId=subnet)
    address = ec2.allocate_address(Domain="vpc")
    wanted = {"SubnetId": subnet, "AllocationId": address["AllocationId"]}
    refused("Gateway.NotAttached", ec2.create_nat_gateway, **wanted)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    made = ec2.create_nat_gateway(**wanted)["NatGateway"]
    (shown_address,) = made["NatGatewayAddresses"]
    assert (made["SubnetId"], shown_address["PublicIp"]) == (subnet, address["PublicIp"])
    (interface,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert (interface["InterfaceType"], interface["SourceDestCheck"], interface["Groups"]) == ("nat_gateway", False, [])
    refused("Resource.AlreadyAssociated", ec2.create_nat_gateway, **wanted)
    private = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    assert private["ConnectivityType"] == "private"


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("ec2-359", "ec2-365", "ec2-366")
def test_the_life_of_a_nat_gateway(aws, ec2, nat, refused):
    assert nat["State"] == "pending"
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat["NatGatewayId"]])
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert shown(ec2, nat)["State"] == "deleting"
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[nat["NatGatewayId"]])
    (address,) = ec2.describe_addresses()["Addresses"]
    assert "AssociationId" not in address
    aws.clock.advance(minutes=61)
    refused("NatGatewayNotFound", ec2.describe_nat_gateways, NatGatewayIds=[nat["NatGatewayId"]])


@pytest.mark.rule("ec2-342", "ec2-355", "ec2-361")
def test_routes_lead_to_it(ec2, vpc, nat):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]

    def routes():
        (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return {each["DestinationCidrBlock"]: each for each in found["Routes"]}

    assert "0.0.0.0/0" not in routes()
    way_out = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.create_route(**way_out, NatGatewayId=nat["NatGatewayId"])
    assert (routes()["0.0.0.0/0"]["NatGatewayId"], routes()["0.0.0.0/0"]["State"]) == (nat["NatGatewayId"], "active")
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert routes()["0.0.0.0/0"]["State"] == "blackhole"
    ec2.delete_route(**way_out)


@pytest.mark.rule("ec2-320")
def test_it_keeps_its_vpc(ec2, vpc, subnet, nat, refused):
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    ec2.describe_nat_gateways()
    ec2.delete_subnet(SubnetId=subnet)


@pytest.mark.rule("ec2-362")
def test_its_interface_is_not_ones_own(ec2, vpc, nat, refused):
    (interface,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert (interface["RequesterManaged"], interface["Groups"]) == (True, [])
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    wanted = {"NetworkInterfaceId": interface["NetworkInterfaceId"], "Groups": [group["GroupId"]]}
    refused("AuthFailure", ec2.modify_network_interface_attribute, **wanted)
    attachment = interface["Attachment"]["AttachmentId"]
    assert interface["Attachment"]["InstanceOwnerId"] == "amazon-aws" and "InstanceId" not in interface["Attachment"]
    assert "InstanceId" not in ec2.describe_addresses()["Addresses"][0]
    refused("AuthFailure", ec2.detach_network_interface, AttachmentId=attachment)
