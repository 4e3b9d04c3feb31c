"""How CloudTrail says no.

Quoted in public: "Incorrect S3 bucket policy is detected for bucket: ..." (awsdocs/aws-cloudtrail-user-guide issue 24),
"SNS Topic does not exist or the topic policy is incorrect!" (ministryofjustice/modernisation-platform-terraform-
baselines pull 63), "Access denied. Check the permissions for your role." (aws/aws-cli issue 5098, aws/aws-cdk issue
1963), "User: ... already has 5 trails in ..." (linz/geostore issue 1450). Other sentences are reconstructed.
"""

from __future__ import annotations

from awsim.errors import AWSError


def unknown_trail(arn: str, account: str) -> AWSError:
    return AWSError("TrailNotFoundException", f"Unknown trail: {arn} for the user: {account}")


def invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def combination(message: str) -> AWSError:
    return AWSError("InvalidParameterCombinationException", message)


def bad_selectors(message: str) -> AWSError:
    return AWSError("InvalidEventSelectorsException", message)


def no_store(arn: str) -> AWSError:
    return AWSError("EventDataStoreNotFoundException", f"The specified event data store {arn} was not found.")


def no_insights(arn: str) -> AWSError:
    return AWSError(
        "InsightNotEnabledException",
        f"Trail {arn} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the "
        "operation again.",
    )


def elsewhere(home: str) -> AWSError:
    return AWSError(
        "InvalidHomeRegionException", f"This operation can be called only from the home Region of the trail: {home}."
    )


def bad_token() -> AWSError:
    return AWSError("InvalidNextTokenException", "The next token is not valid.")
