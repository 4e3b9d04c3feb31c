"""Service settings. Source: API Reference, GetServiceSetting."""

from __future__ import annotations

from typing import Any, NamedTuple

from awsim.errors import AWSError
from awsim.services.ssm import refusals
from awsim.services.ssm.operations.references import ReferenceOperations
from awsim.state import Dict

# Setting -> (default, values it may have; none: any text).
_SETTINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "/ssm/appmanager/appmanager-enabled": ("False", ("True", "False")),
    "/ssm/automation/customer-script-log-destination": ("", ("", "CloudWatch")),
    "/ssm/automation/customer-script-log-group-name": ("/aws/ssm/automation/executeScript", ()),
    "/ssm/automation/enable-adaptive-concurrency": ("False", ("True", "False")),
    "/ssm/documents/console/public-sharing-permission": ("Enable", ("Enable", "Disable")),
    "/ssm/managed-instance/activation-tier": ("standard", ("standard", "advanced")),
    "/ssm/managed-instance/default-ec2-instance-management-role": ("$None", ()),
    "/ssm/opsinsights/opscenter": ("Disabled", ("Enabled", "Disabled")),
    "/ssm/parameter-store/default-parameter-tier": ("Standard", ("Standard", "Advanced", "Intelligent-Tiering")),
    "/ssm/parameter-store/high-throughput-enabled": ("false", ("true", "false")),
}
_STORE = "/ssm/parameter-store/"


class Changed(NamedTuple):
    value: str
    when: float
    user: str


class SettingOperations(ReferenceOperations):
    def setup(self) -> None:
        super().setup()
        self.settings = Dict()  # id -> Changed, those that are not the default

    def get_service_setting(self, SettingId: str) -> dict[str, Any]:
        return {"ServiceSetting": self._described(self._known(SettingId))}

    def update_service_setting(self, SettingId: str, SettingValue: str) -> None:
        setting = self._known(SettingId)
        allowed = _SETTINGS[setting][1]
        if allowed and SettingValue not in allowed:
            raise refusals.invalid(f"Setting value {SettingValue} is not valid for setting {setting}.")
        self.settings[setting] = Changed(SettingValue, self.now, self.caller.arn)

    def reset_service_setting(self, SettingId: str) -> dict[str, Any]:
        setting = self._known(SettingId)
        self.settings.pop(setting, None)
        return {"ServiceSetting": self._described(setting)}

    def _known(self, given: str) -> str:
        """The id of a setting that a request names, by id or ARN."""
        setting = f"/{given.partition(':servicesetting/')[2]}" if given.startswith("arn:") else given
        if setting not in _SETTINGS:
            raise AWSError("ServiceSettingNotFound", f"Setting {setting} not found.")
        return setting

    def _described(self, setting: str) -> dict[str, Any]:
        changed: Changed | None = self.settings.get(setting)
        return {
            "SettingId": setting,
            "SettingValue": _SETTINGS[setting][0] if changed is None else changed.value,
            "LastModifiedDate": None if changed is None else changed.when,
            "LastModifiedUser": "System" if changed is None else changed.user,
            "ARN": self.arn(f"servicesetting{setting}"),
            "Status": "Default" if changed is None else "Customized",
        }

    def setting(self, name: str) -> str:
        return self.setting_of(_STORE + name)

    def setting_of(self, setting: str) -> str:
        changed: Changed | None = self.settings.get(setting)
        return _SETTINGS[setting][0] if changed is None else changed.value
