"""Jobs: what it takes to read an archive, or the inventory of a vault.

Source: S3 Glacier Developer Guide, "Initiate Job", "Archive retrieval options", "Data retrieval policies".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.glacier import hashing
from awsim.services.glacier.common import by_time
from awsim.services.glacier.reports import report
from awsim.services.glacier.vault import Archive, Job, Vault
from awsim.services.glacier.vaults import Vaults
from awsim.wire.values import whole

_TIERS = ("Standard", "Expedited", "Bulk")
_BYTES = re.compile(r"(\d+)-(\d+)")
_RANGE = re.compile(r"bytes[= ](\d+)-(\d+)")
_FORMATS = ("JSON", "CSV")
_STATUSES = ("InProgress", "Succeeded", "Failed")
_UNAVAILABLE_ODDS = 0.05
_HOUR = 3600
_EVENTS = {
    "ArchiveRetrieval": "ArchiveRetrievalCompleted",
    "InventoryRetrieval": "InventoryRetrievalCompleted",
}


class Jobs(Vaults):
    def initiate_job(
        self, vaultName: str, accountId: str = "-", jobParameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        given = jobParameters or {}
        kind = given.get("Type")
        if kind is None:
            raise self.missing("Type")
        self.limits.check("job-description", len(given.get("Description") or ""))
        if kind == "archive-retrieval":
            job, tier = self._retrieval(vault, given)
        elif kind == "inventory-retrieval":
            job, tier = self._inventory(vault, given)
        else:
            raise self.invalid(f"Invalid job type: {kind}")
        vault.jobs[job.id] = job
        home = self.at(account=vault.arn.split(":")[4])
        home.later(self._seconds(tier), "finish_job", name=vaultName, id=job.id)
        account = vault.arn.split(":")[4]
        return {"location": f"/{account}/vaults/{vaultName}/jobs/{job.id}", "jobId": job.id}

    def _new(self, given: Mapping[str, Any], told: dict[str, Any]) -> Job:
        description = given.get("Description")
        if description:
            told = {"JobDescription": description, **told}
        return Job(self.ids.text("job", 92), told, given.get("SNSTopic"), self.clock.time())

    # --- archives

    def _retrieval(self, vault: Vault, given: Mapping[str, Any]) -> tuple[Job, str]:
        id = given.get("ArchiveId")
        if id is None:
            raise self.missing("ArchiveId")
        if given.get("Format") is not None:
            raise self.invalid("Format is not allowed for an archive retrieval.")
        tier = given.get("Tier") or "Standard"
        if tier not in _TIERS:
            raise self.invalid(f"Invalid retrieval tier: {tier}")
        archive: Archive | None = vault.archives.get(id)
        if archive is None:
            raise self.error("ResourceNotFoundException", f"The archive ID was not found: {id}")
        start, end = self._part(archive, given.get("RetrievalByteRange"))
        told = {
            "Action": "ArchiveRetrieval",
            "ArchiveId": id,
            "ArchiveSizeInBytes": archive.size,
            "ArchiveSHA256TreeHash": archive.tree_hash,
            "RetrievalByteRange": f"{start}-{end}",
            "Tier": tier,
        }
        if hashing.is_aligned(start, end, archive.size):
            told["SHA256TreeHash"] = hashing.tree_hash(archive.body[start : end + 1]).hex()
        if tier == "Standard":
            self._check_rates(end + 1 - start)
        elif (
            tier == "Expedited"
            and not self.units()
            and not self.choose(
                "glacier.expedited-capacity",
                [True, False],
                _UNAVAILABLE_ODDS,
                "had no capacity for an Expedited retrieval",
            )
        ):
            raise self.error(
                "InsufficientCapacityException",
                "There is insufficient capacity available to process your expedited request",
            )
        job = self._new(given, told)
        job.archive = archive
        job.whole = (start, archive.size)
        job.body = archive.body[start : end + 1]
        if tier == "Standard":
            self.retrieved[job.id] = (job.created, len(job.body))
        return job, tier

    def _part(self, archive: Archive, given: str | None) -> tuple[int, int]:
        """(first, last) byte of the part of an archive that is wanted: whole mebibytes, or to the end."""
        if given is None:
            return 0, archive.size - 1
        found = _BYTES.fullmatch(given)
        start, end = (int(found[1]), int(found[2])) if found is not None else (1, 0)
        if end < start or end >= archive.size:
            raise self.invalid(f"Invalid retrieval byte range: {given}")
        if start % hashing.CHUNK or ((end + 1) % hashing.CHUNK and end + 1 != archive.size):
            raise self.invalid(f"Retrieval byte range is not megabyte aligned: {given}")
        return start, end

    def _check_rates(self, size: int) -> None:
        """Refuse a standard retrieval beyond the account's data retrieval policy."""
        rule = next(iter(self.settings.get("retrieval", ())), {"Strategy": "None"})
        strategy = rule["Strategy"]
        if strategy == "None":
            return
        now = self.clock.time()
        if strategy == "BytesPerHour":
            since, allowed = now - _HOUR, rule["BytesPerHour"]
        else:
            month = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            since, allowed = month.timestamp(), self.limits["free-tier"]
        used = sum(taken for when, taken in self.retrieved.values() if when > since)
        if allowed is not None and used + size > allowed:
            raise self.error("PolicyEnforcedException", "InitiateJob request denied by current data retrieval policy.")

    # --- inventories

    def _inventory(self, vault: Vault, given: Mapping[str, Any]) -> tuple[Job, str]:
        form = given.get("Format") or "JSON"
        if form not in _FORMATS:
            raise self.invalid(f"Invalid inventory format: {form}")
        inventory = vault.inventory
        if inventory is None:
            raise self.error(
                "ResourceNotFoundException", f"Inventory has not been generated yet for vault: {vault.arn}"
            )
        wanted = given.get("InventoryRetrievalParameters") or {}
        first, last = self._date(wanted, "StartDate"), self._date(wanted, "EndDate")
        limit, marker = wanted.get("Limit"), wanted.get("Marker")
        archives = [
            archive
            for archive in inventory.archives
            if (first is None or archive.created >= first) and (last is None or archive.created < last)
        ]
        following = None
        if limit is not None or marker is not None:
            if limit is not None and (not limit.isdecimal() or not whole(limit)):
                raise self.invalid(f"Invalid inventory retrieval limit: {limit}")
            archives.sort(key=lambda archive: by_time(archive.created, archive.id))
            start = next((at + 1 for at, archive in enumerate(archives) if archive.id == marker), 0)
            if marker is not None and not start:
                raise self.invalid(f"Invalid inventory retrieval marker: {marker}")
            end = start + whole(limit) if limit is not None else len(archives)
            following = archives[end - 1].id if end < len(archives) else None
            archives = archives[start:end]
        parameters = {
            "Format": form,
            "StartDate": wanted.get("StartDate"),
            "EndDate": wanted.get("EndDate"),
            "Limit": limit,
            "Marker": following,
        }
        job = self._new(given, {"Action": "InventoryRetrieval", "InventoryRetrievalParameters": parameters})
        job.body = report(vault.arn, inventory.date, archives, form)
        return job, "Standard"

    def _date(self, wanted: Mapping[str, Any], name: str) -> float | None:
        text = wanted.get(name)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        except ValueError:
            raise self.invalid(f"Invalid {name}: {text}") from None
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()

    # --- time

    def _seconds(self, tier: str) -> float:
        """How long a job takes: a moment of AWS's choice within the range it gives."""
        row = f"retrieval-{tier.lower()}"
        most = self.limits.duration(row)
        least = min(most, self.limits.duration(f"{row}-soonest") or most)
        if least == most:
            return most
        moments = [least, (least + most) / 2, most]
        return self.choose("glacier.retrieval-time", moments, 0.5, "took its time to retrieve an archive")

    def finish_job(self, name: str, id: str) -> None:
        """Scheduled: what a job brings is there, for a day; who wants to know is told."""
        vault: Vault | None = self.vaults.get(name)
        job: Job | None = vault.jobs.get(id) if vault is not None else None
        if vault is None or job is None:
            return
        job.completed = self.clock.time()
        kept = self.limits["job-output"]
        if kept is not None:
            self.later(kept, "forget_job", name=name, id=id)
        configured = vault.notifications or {}
        topics = [job.topic]
        if _EVENTS[job.told["Action"]] in configured.get("Events", ()):
            topics.append(configured["SNSTopic"])
        text = json.dumps(job.described(vault.arn))
        for topic in dict.fromkeys(each for each in topics if each):
            self._tell(vault, topic, text)

    def _tell(self, vault: Vault, topic: str, text: str) -> None:
        _, _, _, region, account, _ = topic.split(":", 5)
        try:
            self.call(
                "sns",
                "Publish",
                source_arn_=vault.arn,
                region_=region,
                account_=account,
                TopicArn=topic,
                Subject="Notification From Amazon Glacier Service",
                Message=text,
            )
        except AWSError:
            # Nobody hears of a topic that is gone or closed.
            return

    def forget_job(self, name: str, id: str) -> None:
        """Scheduled: what a job brought has expired."""
        vault: Vault | None = self.vaults.get(name)
        if vault is not None:
            vault.jobs.pop(id, None)

    # --- reading

    def describe_job(self, vaultName: str, jobId: str, accountId: str = "-") -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        return self._job(vault, jobId).described(vault.arn)

    def list_jobs(
        self,
        vaultName: str,
        accountId: str = "-",
        limit: str | None = None,
        marker: str | None = None,
        statuscode: str | None = None,
        completed: str | None = None,
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        if statuscode is not None and statuscode not in _STATUSES:
            raise self.invalid(f"Invalid statuscode: {statuscode}")
        if completed is not None and completed not in ("true", "false"):
            raise self.invalid(f"Invalid completed: {completed}")
        wanted = (
            job
            for job in vault.jobs.values()
            if statuscode in (None, job.status)
            and (completed is None or (completed == "true") == (job.completed is not None))
        )
        found, following = self.paged(wanted, lambda job: by_time(job.created, job.id), marker, limit)
        return {"JobList": [job.described(vault.arn) for job in found], "Marker": following}

    def get_job_output(
        self, vaultName: str, jobId: str, accountId: str = "-", range: str | None = None
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        job = self._job(vault, jobId)
        if job.completed is None:
            raise self.invalid(f"The job is not currently available for download: {jobId}")
        body = job.body
        start, end = 0, len(body) - 1
        if range is not None:
            found = _RANGE.fullmatch(range)
            start, end = (int(found[1]), int(found[2])) if found is not None else (1, 0)
            if end < start or start >= len(body):
                raise self.invalid(f"Invalid range: {range}")
            end = min(end, len(body) - 1)
        answer: dict[str, Any] = {
            "status": 200 if range is None else 206,
            "body": body[start : end + 1],
            "acceptRanges": "bytes",
        }
        if range is not None:
            answer["contentRange"] = f"bytes {start}-{end}/{len(body)}"
        if job.whole is None:
            form = job.told["InventoryRetrievalParameters"]["Format"]
            return {**answer, "contentType": "text/csv" if form == "CSV" else "application/json"}
        answer["contentType"] = "application/octet-stream"
        first, size = job.whole
        if hashing.is_aligned(first + start, first + end, size):
            answer["checksum"] = hashing.tree_hash(answer["body"]).hex()
        if job.archive is not None and job.archive.description:
            answer["archiveDescription"] = job.archive.description
        return answer

    def _job(self, vault: Vault, id: str) -> Job:
        job: Job | None = vault.jobs.get(id)
        if job is None:
            raise self.error("ResourceNotFoundException", f"The job ID was not found: {id}")
        return job
