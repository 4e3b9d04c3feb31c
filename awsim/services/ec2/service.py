"""`EC2`: the classes of operations together."""

from __future__ import annotations

from awsim.services.ec2.operations.metadata import MetadataOperations


class EC2(MetadataOperations):
    """Amazon Elastic Compute Cloud (regional): instances, their images, volumes and networks.

    A class of operations for each kind of resource, in `operations/`; each builds on those before it, in this order:
    regions, vpcs, subnets, gateways, routes, acls, groups, interfaces, addresses, volumes, snapshots, images, keys,
    types, templates, launching, life, attributes, profiles, transit, nat, peering, tags, metadata. Records are in the
    modules beside.
    """
