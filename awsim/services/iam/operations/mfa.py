"""MFA devices. Only virtual ones: a hardware token's seed is known to nobody but its maker and AWS."""

from __future__ import annotations

from typing import Any

from awsim.auth.totp import Enrolment
from awsim.services.iam.devices import Device, address, picture
from awsim.services.iam.operations.common import TagList, none_if_empty
from awsim.services.iam.operations.passwords import PasswordOperations
from awsim.services.iam.records import User
from awsim.services.iam.refusals import conflict, exists, no_such
from awsim.state import Tags as TagMap

# A seed of AWS's: 64 characters of base 32.
_SEED = 64


class MFAOperations(PasswordOperations):
    def create_virtual_mfa_device(
        self, VirtualMFADeviceName: str, Path: str = "/", Tags: TagList = ()
    ) -> dict[str, Any]:
        serial = self.arn(f"mfa{Path}{VirtualMFADeviceName}")
        if serial in self.devices:
            raise exists("MFADevice entity at the same path and name already exists.")
        tags = self.tagged(TagMap(), Tags)
        self.limits.quota("mfa-devices-per-account", len(self.devices))
        seed = self.ids.text("mfa-seed", _SEED).encode()
        device = self.devices[serial] = Device(serial, Path, seed, self.now(), tags)
        return {
            "VirtualMFADevice": {
                "SerialNumber": device.serial,
                "Base32StringSeed": seed,
                "QRCodePNG": picture(address(VirtualMFADeviceName, self.settings.alias or self.account, seed)),
                "Tags": none_if_empty(tags.as_list()),
            }
        }

    def delete_virtual_mfa_device(self, SerialNumber: str) -> None:
        device = self._device(SerialNumber)
        if device.user is not None:
            raise conflict("MFA VirtualDevice in use. Must deactivate first.")
        del self.devices[SerialNumber]
        self.limits.used("mfa-devices-per-account", len(self.devices))

    def list_virtual_mfa_devices(
        self, AssignmentStatus: str = "Any", Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        def having(device: Device) -> bool:
            return AssignmentStatus == "Any" or (device.user is not None) == (AssignmentStatus == "Assigned")

        return self.page("VirtualMFADevices", self.devices, self._shown_virtual, Marker, MaxItems, having)

    def enable_mfa_device(
        self, UserName: str, SerialNumber: str, AuthenticationCode1: str, AuthenticationCode2: str
    ) -> None:
        user = self._holder(UserName)
        device = self._device(SerialNumber)
        if device.user is not None:
            raise exists("MFADevice is already in use.")
        self.limits.quota("mfa-devices-per-user", len(user.devices), user.name)
        self._synchronise(device, AuthenticationCode1, AuthenticationCode2)
        device.user = user
        device.enabled = self.now()
        user.devices[SerialNumber] = device
        self._enrol(device)

    def resync_mfa_device(
        self, UserName: str, SerialNumber: str, AuthenticationCode1: str, AuthenticationCode2: str
    ) -> None:
        device = self._own_device(self._holder(UserName), SerialNumber)
        self._synchronise(device, AuthenticationCode1, AuthenticationCode2)
        self._enrol(device)

    def deactivate_mfa_device(self, SerialNumber: str, UserName: str | None = None) -> None:
        user = self.user_or_caller(UserName)
        device = self._own_device(user, SerialNumber)
        del user.devices[SerialNumber]
        device.user = None
        self.cloud.credentials.enrol(SerialNumber, None)
        self.limits.used("mfa-devices-per-user", len(user.devices), user.name)

    def list_mfa_devices(
        self, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        user = self.user_or_caller(UserName)

        def show(device: Device) -> dict[str, Any]:
            return {"UserName": user.name, "SerialNumber": device.serial, "EnableDate": device.enabled}

        return self.page("MFADevices", user.devices, show, Marker, MaxItems)

    def get_mfa_device(self, SerialNumber: str, UserName: str | None = None) -> dict[str, Any]:
        device = self._device(SerialNumber)
        if UserName is not None:
            self._own_device(self.user(UserName), SerialNumber)
        if device.user is None:
            return {"SerialNumber": SerialNumber}
        name = None if device.user.is_root else device.user.name
        return {"UserName": name, "SerialNumber": SerialNumber, "EnableDate": device.enabled}

    # --- tags

    def tag_mfa_device(self, SerialNumber: str, Tags: TagList) -> None:
        self.tag(self._device(SerialNumber), Tags)

    def untag_mfa_device(self, SerialNumber: str, TagKeys: list[str]) -> None:
        self.untag(self._device(SerialNumber), TagKeys)

    def list_mfa_device_tags(
        self, SerialNumber: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return self.list_tags(self._device(SerialNumber), Marker, MaxItems)

    # --- helpers

    def _holder(self, name: str) -> User:
        """The root user's devices are enabled under the name "root", by itself."""
        return self.root if name == "root" and self.caller.type == "root" else self.user(name)

    def _device(self, serial: str) -> Device:
        device = self.devices.get(serial)
        if device is None:
            raise no_such(f"VirtualMFADevice with serial number {serial} does not exist.")
        return device

    @staticmethod
    def _own_device(user: User, serial: str) -> Device:
        device = user.devices.get(serial)
        if device is None:
            raise no_such("MFA Device invalid for user.")
        return device

    def _synchronise(self, device: Device, first: str, second: str) -> None:
        if not device.synchronise(first, second, self.clock.time(), self.limits["mfa-drift"] or 0):
            raise self.error("InvalidAuthenticationCode", "Authentication code for device is not valid.")

    def _enrol(self, device: Device) -> None:
        """Tell STS, which asks for codes."""
        assert device.user is not None
        enrolment = Enrolment(device.user.arn, device.seed, device.shift)
        self.cloud.credentials.enrol(device.serial, enrolment)

    def _shown_virtual(self, device: Device) -> dict[str, Any]:
        shown: dict[str, Any] = {"SerialNumber": device.serial}
        if device.user is not None:
            shown["EnableDate"] = device.enabled
            if device.user.is_root:
                shown["User"] = {"UserId": self.account, "Arn": self.root.arn, "CreateDate": self.root.created}
            else:
                shown["User"] = self.shown_user(device.user)
        return shown
