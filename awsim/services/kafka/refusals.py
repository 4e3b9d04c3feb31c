"""How MSK says no. `parameter` is the member that it finds fault with, as the wire has it.

Quoted in public: "A resource with this name already exists." (crossplane-contrib/provider-upjet-aws issue 489), "The
parameter value contains one or more characters that are not valid." (hashicorp/terraform-provider-aws issue 6653),
"Unsupported KafkaVersion [...]" (awslabs/benchmark-ai pull 739), "The version of the cluster isn't current. ..."
(terraform-provider-aws issue 25061), "Invalid Configuration ARN." (9714), "The number of Availability Zones in the
BrokerAZDistribution parameter ..." (9658), "The request does not include any updates to the EBS volumes ..."
(cloudposse/terraform-aws-msk-apache-kafka-cluster issue 99), "Configuration is in use by one or more clusters. ..."
(102), "You can't get bootstrap broker nodes ..." (angelabad/terraform-aws-msk-cluster issue 28), "Current cluster
policy version needed for Update" (crossplane-contrib/provider-aws issue 1920), those about secrets (aws/aws-cdk issue
34794, aws-controllers-k8s/community issue 2546). What topics are refused with is Kafka's. Other sentences are
reconstructed.
"""

from __future__ import annotations

from collections.abc import Iterable

from awsim.errors import AWSError

STALE = "The version of the cluster isn\u2019t current. Check the current version and try again."
CHARACTERS = "The parameter value contains one or more characters that are not valid."


def refused(code: str, message: str, parameter: str | None = None) -> AWSError:
    return AWSError(code, message, fields={"InvalidParameter": parameter} if parameter else {})


def bad(message: str, parameter: str | None = None) -> AWSError:
    return refused("BadRequestException", message, parameter)


def malformed(parameter: str) -> AWSError:
    return bad("One or more of the parameters are not valid.", parameter)


def unsupported(what: str, value: str, valid: Iterable[str], parameter: str) -> AWSError:
    return bad(f"Unsupported {what} [{value}]. Valid values: [{', '.join(valid)}]", parameter)


def exists(parameter: str) -> AWSError:
    return refused("ConflictException", "A resource with this name already exists.", parameter)


def missing(parameter: str) -> AWSError:
    return refused("NotFoundException", "The requested resource doesn't exist.", parameter)
