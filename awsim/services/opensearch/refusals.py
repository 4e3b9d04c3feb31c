"""How OpenSearch Service says no.

Quoted in public: "EBS storage must be selected for ..." (awsdocs/aws-cloudformation-user-guide pull 468), "Instance
type ... does not support EBS storage" (aws/aws-cdk issue 36698), "You must enable EnforceHTTPS ..." (lgallard/
terraform-aws-elasticsearch issue 13), "You must specify exactly one subnet." (aws-cdk issue 7804), "... exactly three
subnets because you’ve set zone count to three" (cloudposse/terraform-aws-components pull 232), "Invalid instance type:
..." (hashicorp/terraform-provider-aws issue 27684), "A change/update is in progress. ..." (terraform-provider-aws issue
38136), "Unrecognized advanced option ..." (aws-cloudformation/cloudformation-coverage-roadmap issue 2469), "Domain not
found: ..." (getmoto/moto issue 8976). Other sentences are reconstructed.
"""

from __future__ import annotations

from awsim.errors import AWSError

CHANGING = "A change/update is in progress. Please wait for it to complete before requesting another change."


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def bad_type(message: str) -> AWSError:
    return AWSError("InvalidTypeException", message)


def missing(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def exists(message: str) -> AWSError:
    return AWSError("ResourceAlreadyExistsException", message)


def conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def bad_token() -> AWSError:
    return AWSError("InvalidPaginationTokenException", "The pagination token isn't valid.")


def no_domain(name: str) -> AWSError:
    return missing(f"Domain not found: {name}")
