"""Event notifications: what happened to an object, told to topics, queues, functions and EventBridge.

Sources: S3 User Guide, "Amazon S3 Event Notifications", "Event message structure" and "Using EventBridge";
../shared/recorded/s3.jsonl.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.service import Service
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.versions import Version


class Notifications(Service):
    """Below all of S3's operations, so that each can say what it did."""

    def emit(
        self,
        bucket: Bucket,
        event: str,
        key: str,
        version: Version | None,
        *,
        reason: str | None = None,
        restored_until: float | None = None,
        storage_class: str | None = None,
        tier: str | None = None,
        replication: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell whoever wants to know of `event` ("ObjectCreated:Put", no "s3:"), after it has happened.

        Costs a look-up where the bucket has no notification configuration. `version` is the one that was made, changed
        or removed (a delete marker too); None for a key that was not there. `reason` is EventBridge's, where it does
        not follow from the event ("PutObject"). `restored_until`: ObjectRestore:Completed, epoch seconds.
        `storage_class`: the one restored from, or gone to by LifecycleTransition. `tier`: IntelligentTiering's.
        `replication`: replicationEventData as AWS writes it (replicationRuleId, destinationBucket, …).
        """
        if "notifications" not in bucket.settings:
            return
