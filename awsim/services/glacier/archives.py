"""Archives: uploaded whole or in parts, and deleted.

Source: S3 Glacier Developer Guide, "Archive operations", "Multipart upload operations".
"""

from __future__ import annotations

import re
from typing import Any

from awsim.services.glacier import hashing
from awsim.services.glacier.common import by_time
from awsim.services.glacier.vault import Archive, Upload, Vault
from awsim.services.glacier.vaults import Vaults
from awsim.state.pages import number
from awsim.wire.values import whole

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/\*")
_URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


class Archives(Vaults):
    def upload_archive(
        self,
        vaultName: str,
        accountId: str = "-",
        archiveDescription: str | None = None,
        checksum: str | None = None,
        body: bytes | None = None,
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        description = self._description(archiveDescription)
        data = self._body(body)
        self.limits.check("upload-size", len(data))
        if not data:
            raise self.invalid("Invalid Content-Length: 0")
        return self._keep(vault, data, self._checked(data, checksum), description)

    def delete_archive(self, vaultName: str, archiveId: str, accountId: str = "-") -> None:
        vault = self.vault_of(accountId, vaultName)
        if vault.archives.pop(archiveId, None) is not None:
            self.wrote(vault)

    def _keep(self, vault: Vault, data: bytes, tree_hash: str, description: str) -> dict[str, Any]:
        archive = Archive(self.ids.text("archive", 138, _URL_SAFE), data, tree_hash, description, self.clock.time())
        vault.archives[archive.id] = archive
        self.wrote(vault)
        account = vault.arn.split(":")[4]
        return {
            "location": f"/{account}/vaults/{vault.name}/archives/{archive.id}",
            "checksum": tree_hash,
            "archiveId": archive.id,
        }

    @staticmethod
    def _body(body: Any) -> bytes:
        if body is None:
            return b""
        return body if isinstance(body, bytes) else bytes(body)

    def _description(self, text: str | None) -> str:
        if text and not _PRINTABLE.fullmatch(text):
            raise self.invalid(f"Invalid archive description: {text}")
        return text or ""

    def _checked(self, data: bytes, given: str | None) -> str:
        """The tree hash of a body, which has to be the one that is given; calls from Python may leave it out."""
        computed = hashing.tree_hash(data).hex()
        if given is None and self.request.http is not None:
            raise self.missing("x-amz-sha256-tree-hash")
        if given is not None and given.lower() != computed:
            raise self.invalid(f"Checksum mismatch: expected {given} but computed {computed}")
        return computed

    # --- in parts

    def initiate_multipart_upload(
        self,
        vaultName: str,
        accountId: str = "-",
        archiveDescription: str | None = None,
        partSize: str | None = None,
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        size = self._part_size(partSize)
        upload = Upload(
            self.ids.text("upload", 92, _URL_SAFE), size, self._description(archiveDescription), self.clock.time()
        )
        vault.uploads[upload.id] = upload
        self._watch(vault, upload)
        account = vault.arn.split(":")[4]
        return {
            "location": f"/{account}/vaults/{vaultName}/multipart-uploads/{upload.id}",
            "uploadId": upload.id,
        }

    def _part_size(self, given: str | None) -> int:
        size = whole(given) if given is not None and given.isdecimal() else 0
        row = self.limits.row("part-size")
        least = int(row.minimum or 1)
        if size < least or size & (size - 1):
            raise self.limits.error("part-size", measured=given if given is not None else "null")
        self.limits.check("part-size", size)
        return size

    def _watch(self, vault: Vault, upload: Upload) -> None:
        """An upload that nothing happens to for a day is deleted."""
        upload.touched = self.clock.time()
        idle = self.limits["upload-idle"]
        if idle is not None:
            home = self.at(account=vault.arn.split(":")[4])
            home.later(idle, "expire_upload", name=vault.name, id=upload.id, touched=upload.touched)

    def expire_upload(self, name: str, id: str, touched: float) -> None:
        """Scheduled: delete an upload that was left alone since then."""
        vault: Vault | None = self.vaults.get(name)
        upload = vault.uploads.get(id) if vault is not None else None
        if vault is not None and upload is not None and upload.touched == touched:
            del vault.uploads[id]

    def upload_multipart_part(
        self,
        vaultName: str,
        uploadId: str,
        accountId: str = "-",
        checksum: str | None = None,
        range: str | None = None,
        body: bytes | None = None,
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        upload = self._upload(vault, uploadId)
        data = self._body(body)
        found = _CONTENT_RANGE.fullmatch(range or "")
        if found is None:
            raise self.invalid(f"Invalid Content-Range: {range}")
        start, end = int(found[1]), int(found[2])
        if end + 1 - start != len(data):
            raise self.invalid(f"Content-Range: {range} is incompatible with Content-Length: {len(data)}")
        if start % upload.part_size or not 0 < len(data) <= upload.part_size:
            raise self.invalid(
                f"Content-Range: {range} is not aligned with the part size of the upload: {upload.part_size}"
            )
        self.limits.check("parts-per-upload", start // upload.part_size + 1)
        computed = self._checked(data, checksum)
        upload.parts[start] = data
        self._watch(vault, upload)
        return {"checksum": computed}

    def complete_multipart_upload(
        self,
        vaultName: str,
        uploadId: str,
        accountId: str = "-",
        archiveSize: str | None = None,
        checksum: str | None = None,
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        upload = self._upload(vault, uploadId)
        if archiveSize is None:
            raise self.missing("x-amz-archive-size")
        if not archiveSize.isdecimal():
            raise self.invalid(f"Invalid archive size: {archiveSize}")
        self.limits.check("archive-size", whole(archiveSize))
        at = 0
        bodies = []
        for start in sorted(upload.parts):
            if start != at:
                raise self.invalid(f"The upload has no part that begins with byte {at}")
            bodies.append(upload.parts[start])
            at += len(bodies[-1])
        if at != whole(archiveSize) or not at:
            raise self.invalid(f"Invalid archive size: {archiveSize}, the parts have {at} bytes")
        data = b"".join(bodies)
        computed = self._checked(data, checksum)
        del vault.uploads[uploadId]
        return self._keep(vault, data, computed, upload.description)

    def abort_multipart_upload(self, vaultName: str, uploadId: str, accountId: str = "-") -> None:
        vault = self.vault_of(accountId, vaultName)
        self._upload(vault, uploadId)
        del vault.uploads[uploadId]

    def list_parts(
        self,
        vaultName: str,
        uploadId: str,
        accountId: str = "-",
        marker: str | None = None,
        limit: str | None = None,
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        upload = self._upload(vault, uploadId)
        found, following = self.paged(
            upload.parts.items(), lambda part: f"{number(part[0] // upload.part_size)}", marker, limit
        )
        return {
            **upload.described(vault.arn),
            "Parts": [
                {
                    "RangeInBytes": f"{start}-{start + len(data) - 1}",
                    "SHA256TreeHash": hashing.tree_hash(data).hex(),
                }
                for start, data in found
            ],
            "Marker": following,
        }

    def list_multipart_uploads(
        self, vaultName: str, accountId: str = "-", marker: str | None = None, limit: str | None = None
    ) -> dict[str, Any]:
        vault = self.vault_of(accountId, vaultName)
        found, following = self.paged(
            vault.uploads.values(), lambda upload: by_time(upload.created, upload.id), marker, limit
        )
        return {"UploadsList": [upload.described(vault.arn) for upload in found], "Marker": following}

    def _upload(self, vault: Vault, id: str) -> Upload:
        upload: Upload | None = vault.uploads.get(id)
        if upload is None:
            raise self.error("ResourceNotFoundException", f"The upload ID was not found: {id}")
        return upload
