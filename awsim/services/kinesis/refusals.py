"""Sentences that Kinesis refuses many things with.

Sources: ../shared/recorded/kinesis.jsonl; answers of AWS quoted in public issues and observed by mhart/kinesalite.
"""

from __future__ import annotations

from datetime import UTC, datetime

from awsim.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("InvalidArgumentException", message)


def malformed(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def no_stream(name: str, account: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Stream {name} under account {account} not found.")


def no_shard(shard: str, stream: str, account: str) -> AWSError:
    """Where a shard is to be changed."""
    message = f"Could not find shard {shard} in stream {stream} under account {account}."
    return AWSError("ResourceNotFoundException", message)


def no_such_shard(shard: str, stream: str, account: str) -> AWSError:
    """Where a shard is to be read."""
    message = f"Shard {shard} in stream {stream} under account {account} does not exist"
    return AWSError("ResourceNotFoundException", message)


def not_active(name: str, account: str, status: str) -> AWSError:
    message = f"Stream {name} under account {account} not ACTIVE, instead in state {status}"
    return AWSError("ResourceInUseException", message)


def moment(time: float) -> str:
    """As error messages show it: Thu Jan 22 01:22:02 UTC 2015."""
    return datetime.fromtimestamp(time, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
