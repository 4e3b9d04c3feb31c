"""Lifecycle: what a bucket's rules do to its objects at midnight UTC.

Sources: S3 User Guide, "Managing the lifecycle of objects", "Lifecycle configuration elements", "Transitioning objects
using Amazon S3 Lifecycle", "How Amazon S3 handles conflicts in lifecycle configurations", "How S3 Lifecycle interacts
with other bucket configurations". What the rules ask for is in `lifecycle_rules`, which only buckets with rules need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from awsim.services.s3 import tiering
from awsim.services.s3.access import Access
from awsim.services.s3.days import DAY, NEVER, http_date, next_midnight
from awsim.services.s3.versions import Tiering, Version

if TYPE_CHECKING:
    from awsim.services.s3.bucket import Bucket
    from awsim.services.s3.lifecycle_rules import Action, Policy
    from awsim.services.s3.multipart import Upload


class Lifecycle(Access):
    """Carries out what is planned."""

    def reschedule(self, bucket: Bucket) -> None:
        """After a change of a configuration that time carries out: begin, go on by other rules, or end."""
        agenda = bucket.agenda
        if agenda is None and not ("lifecycle" in bucket.settings or "intelligent-tiering" in bucket.settings):
            return
        from awsim.services.s3 import lifecycle_rules

        policy = lifecycle_rules.compiled(bucket.settings, self.limits)
        if not policy.rules and not policy.archiving:
            if agenda is not None:
                self.cancel(agenda.job)
                bucket.agenda = None
        elif agenda is not None:
            agenda.change(policy)
        else:
            bucket.agenda = lifecycle_rules.Agenda(policy)
            self._schedule_run(bucket, next_midnight(self.clock.time()))

    def _schedule_run(self, bucket: Bucket, midnight: float) -> None:
        agenda = bucket.agenda
        assert agenda is not None
        agenda.next = midnight
        late = self.limits.duration("lifecycle-run")
        agenda.job = self.at_time(midnight + late, "run_lifecycle", name=bucket.name, midnight=midnight)

    def run_lifecycle(self, name: str, midnight: float) -> None:
        """Scheduled: the run of one midnight over one bucket."""
        bucket = self.buckets.get(name)
        agenda = bucket.agenda if bucket is not None else None
        if bucket is None or agenda is None or agenda.next != midnight:
            return
        self._abort_old_uploads(bucket, agenda.policy, midnight)
        policy, versioned = agenda.policy, bucket.versioning is not None
        for key in agenda.take(midnight, policy.keys_of(bucket)):
            versions = list(bucket.versions(key))
            if not versions:
                continue
            found = policy.plan(key, versions, versioned, midnight)
            for action in found.actions:
                self._carry_out(bucket, key, action)
            if not found.actions and found.next < NEVER:
                agenda.put(key, max(found.next, midnight + DAY))
        self._schedule_run(bucket, max(midnight + DAY, next_midnight(self.clock.time())))

    def _carry_out(self, bucket: Bucket, key: str, action: Action) -> None:
        version, target = action.version, action.target
        if action.what == "delete":
            bucket.remove(key, version.id)
            self.emit(bucket, "LifecycleExpiration:Delete", key, version)
        elif action.what == "mark":
            marker = Version(bucket.next_id(), bucket.next_sequence(), int(self.clock.time()), bucket.account)
            bucket.store(key, marker)
            self.emit(bucket, "LifecycleExpiration:DeleteMarkerCreated", key, marker)
        elif action.what == "move":
            used = Tiering(self.clock.time()) if target == tiering.CLASS else None
            moved = version.replaced(storage_class=target, restore=None, tiering=used)
            bucket.change(key, moved)
            self.emit(bucket, "LifecycleTransition", key, moved, storage_class=target)
        else:
            kept = version.replaced(tiering=Tiering(tiering.used(version), target))
            bucket.change(key, kept)
            self.emit(bucket, "IntelligentTiering", key, kept, tier=target)

    def _abort_old_uploads(self, bucket: Bucket, policy: Policy, at: float) -> None:
        if not any(rule.aborts is not None for rule in policy.rules):
            return
        for upload in list(bucket.upload_ids.values()):
            due = policy.abort_of(upload)
            if due is not None and due[0] <= at:
                bucket.drop_upload(upload)

    # --- what answers say of it

    def expiration_members(self, bucket: Bucket, key: str, version: Version) -> dict[str, Any]:
        """x-amz-expiration: when the current version goes, and by which rule."""
        agenda = bucket.agenda
        if agenda is None or bucket.current(key) is not version:
            return {}
        found = agenda.policy.expiry_of(key, version)
        if found is None:
            return {}
        when, id = found
        return {"Expiration": f'expiry-date="{http_date(when)}", rule-id="{quote(id, safe="")}"'}

    def abort_members(self, bucket: Bucket, upload: Upload) -> dict[str, Any]:
        """When an upload that is not completed goes, and by which rule."""
        due = bucket.agenda.policy.abort_of(upload) if bucket.agenda is not None else None
        return {} if due is None else {"AbortDate": due[0], "AbortRuleId": due[1]}
