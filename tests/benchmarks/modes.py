"""What realism costs: a call with everything off, beside one that skips the stages; and with authorization on.

`off` compares a default Cloud with one whose gateway lacks the stages of faults, throttling and authorization; `on`
compares `authorization=True`, signed by a user with a policy of its own, with the default Cloud.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from . import backends
from .calls import _time
from .cases import CASES, Case
from .report import Figure, Runs

TITLE = "Modes (CPU µs; budget: × the default Cloud)"
MEASURED = ("SQS SendMessage", "DynamoDB GetItem", "S3 GetObject (1 KB)")
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["sqs:*", "dynamodb:*", "s3:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ],
}


def measure(backend: str, quick: bool) -> dict[str, Any]:
    """Name of the case -> {"default": µs, "bare stages": µs, "authorized": µs}: the best of rounds taken in turns."""
    import boto3

    mock_aws = backends.mock(backend)
    rounds, repetitions = (15, 50) if quick else (60, 60)
    return {case.name: _measure(case, boto3, mock_aws, rounds, repetitions) for case in CASES if case.name in MEASURED}


def _measure(case: Case, boto3: Any, mock_aws: Any, rounds: int, repetitions: int) -> dict[str, float]:
    from awsim import gateway

    whole = gateway.LOCKED
    short = tuple(stage for stage in whole if stage.__name__ not in ("faults", "throttle", "authorize"))
    with mock_aws():
        keys = _user(boto3)
    client, user = boto3.client(case.service), boto3.client(case.service, **keys)
    best: dict[str, float] = {}
    off = [("default", whole), ("bare stages", short)]
    for turn in range(rounds):
        # What differs by a microsecond is told apart in one Cloud only; who goes first alternates.
        for options, ways in (({}, off[:: -1 if turn % 2 else 1]), ({"authorization": True}, [("authorized", whole)])):
            with mock_aws(**options):
                prepared = case.prepare(client, len(ways) * (repetitions + 10))
                if options:
                    assert _user(boto3) == keys
                run = partial(case.run, user if options else client, prepared)
                for name, stages in ways:
                    _install(stages)
                    try:
                        for _ in range(10):
                            run()
                        best[name] = min(best.get(name, float("inf")), _time(run, repetitions))
                    finally:
                        _install(whole)
    return best


def _install(stages: tuple[Any, ...]) -> None:
    from awsim import gateway
    from awsim.gateway.plan import _plans

    gateway.LOCKED = stages
    for plan in _plans.values():
        plan.stages = ()


def _user(boto3: Any) -> dict[str, str]:
    """The keys of a user with a policy: the same in every Cloud of one seed."""
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def figures(runs: Runs) -> list[Figure]:
    found = []
    for name, taken in runs.fresh("modes", "awsim").items():
        default = taken["default"]
        found += [
            _figure(f"{name}, all off", taken["bare stages"], default, 1.02),
            _figure(f"{name}, authorized", default, taken["authorized"], 1.5),
        ]
    return found


def _figure(name: str, bare: float, value: float, budget: float) -> Figure:
    return Figure(name, bare=bare, value=value, unit="µs", ratio=value / bare, budget=budget)
