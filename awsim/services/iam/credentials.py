"""What a user signs in or signs with, besides the password."""

from __future__ import annotations

from awsim.state import Entity


class AccessKey(Entity):
    def __init__(self, id: str, now: int) -> None:
        self.id = id
        self.active = True
        self.created = now
        self.changed = now

    @property
    def status(self) -> str:
        return "Active" if self.active else "Inactive"


class SSHKey(Entity):
    def __init__(self, id: str, body: str, fingerprint: str, blob: bytes, now: int) -> None:
        self.id = id
        self.body = body
        self.fingerprint = fingerprint
        self.blob = blob
        self.status = "Active"
        self.uploaded = now


class SigningCertificate(Entity):
    def __init__(self, id: str, body: str, now: int) -> None:
        self.id = id
        self.body = body
        self.status = "Active"
        self.uploaded = now


class ServiceCredential(Entity):
    """A user name and a password for one service; `expires` is None for those that do not."""

    def __init__(self, id: str, service: str, name: str, password: str, now: int, expires: int | None) -> None:
        self.id = id
        self.service = service
        self.name = name
        self.password = password
        self.status = "Active"
        self.created = now
        self.expires = expires
