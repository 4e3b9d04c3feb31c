"""What may be subscribed with which protocol.

Messages: ../shared/recorded/sns.jsonl; of those it lacks: issues of hashicorp/terraform (28632), argo-events (414).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from awsim.errors import AWSError
from awsim.services.sns import arns
from awsim.services.sns.refusals import invalid
from awsim.services.sns.subscription import HTTP, PROTOCOLS

_PHONE = re.compile(r"\+?[0-9]+([-./ ]?[0-9]+)*\Z")
_E164 = re.compile(r"\+?[1-9][0-9]{6,14}\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z")


def check(protocol: str, endpoint: str | None, *, fifo_topic: bool) -> str:
    """The endpoint as SNS keeps it; raises InvalidParameter."""
    if protocol not in PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if fifo_topic and protocol != "sqs":
        raise invalid(f"Invalid protocol type: {protocol}")
    if not endpoint:
        raise invalid("Endpoint")
    if protocol == "sqs":
        arn = arns.of_service(endpoint, "sqs")
        if arn is None:
            raise invalid("SQS endpoint ARN")
        if arn.name.endswith(".fifo") and not fifo_topic:
            raise invalid("Invalid parameter: Endpoint", "FIFO SQS Queues can not be subscribed to standard SNS topics")
    elif protocol == "lambda":
        arn = arns.of_service(endpoint, "lambda")
        if arn is None or not arn.resource.startswith("function:"):
            raise invalid("Lambda endpoint ARN")
    elif protocol == "firehose":
        arn = arns.of_service(endpoint, "firehose")
        if arn is None or not arn.resource.startswith("deliverystream/"):
            raise invalid("Firehose endpoint ARN")
    elif protocol == "application":
        arn = arns.of_service(endpoint, "sns")
        if arn is None or not arn.resource.startswith("endpoint/"):
            raise invalid("Application endpoint arn invalid:" + endpoint)
    elif protocol in HTTP:
        try:
            parts = urlsplit(endpoint)
        except ValueError:  # brackets that hold no address
            parts = urlsplit("")
        if parts.scheme != protocol or not parts.hostname:
            raise invalid("Endpoint must match the specified protocol")
    elif protocol == "sms":
        if not _PHONE.match(endpoint):
            raise AWSError("InvalidParameter", f"Invalid SMS endpoint: {endpoint}")
        return re.sub(r"[-./ ]", "", endpoint)
    elif not _EMAIL.match(endpoint):
        raise invalid("Email address")
    return endpoint


def phone_number(number: str) -> str:
    """A number that Publish can send to, without what parts its digits; refuses what is none."""
    plain = re.sub(r"[-./ ]", "", number) if _PHONE.match(number) else number
    if not _E164.match(plain):
        raise invalid("PhoneNumber", f"{number} is not valid to publish to")
    return plain
