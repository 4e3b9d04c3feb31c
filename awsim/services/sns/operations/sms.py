"""Text messages: account settings, numbers that opted out, the sandbox.

Sources: SNS API Reference, SetSMSAttributes and the operations of the SMS sandbox; ../shared/recorded/sns.jsonl.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.sns.operations.common import Operations
from awsim.services.sns.outbox import Sent
from awsim.services.sns.refusals import invalid
from awsim.wire.values import whole

_E164 = re.compile(r"\+?[0-9]{7,15}\Z")
_SENDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}\Z")
_ATTRIBUTES = (
    "MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "DefaultSenderID",
    "DefaultSMSType", "UsageReportS3Bucket",
)  # fmt: skip
_TYPES = ("Promotional", "Transactional")


class SMSOperations(Operations):
    # --- settings

    def set_sms_attributes(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            self._check_attribute(name, value)
        for name, value in attributes.items():
            self.sms_attributes[name] = value

    def _check_attribute(self, name: str, value: str) -> None:
        if name not in _ATTRIBUTES:
            raise _wrong(f"{name} is not a valid attribute")
        if name == "DefaultSenderID" and not _SENDER_ID.match(value):
            # AWS's own spelling.
            raise _wrong("DefaultSendID is not a valid attribute")
        if name == "DefaultSMSType" and value not in _TYPES:
            raise _wrong("DefaultSMSType is invalid")
        if name in ("MonthlySpendLimit", "DeliveryStatusSuccessSamplingRate") and not value.isdecimal():
            raise _wrong(f"{name} is invalid")
        if name == "DeliveryStatusSuccessSamplingRate" and whole(value) > (
            self.limits["feedback-sample-rate"] or whole(value)
        ):
            raise _wrong(f"{name} is invalid")

    def get_sms_attributes(self, attributes: Sequence[str] = ()) -> dict[str, Any]:
        known = {"MonthlySpendLimit": str(self.limits["sms-spend"]), **self.sms_attributes}
        return {"attributes": {name: value for name, value in known.items() if not attributes or name in attributes}}

    # --- numbers that opted out

    def check_if_phone_number_is_opted_out(self, phoneNumber: str) -> dict[str, Any]:
        return {"isOptedOut": self._number(phoneNumber) in self.opted_out}

    def list_phone_numbers_opted_out(self, nextToken: str | None = None) -> dict[str, Any]:
        numbers = [f"+{number}" for number in self.opted_out]
        page = self.page("phoneNumbers", numbers, nextToken, "listed-phone-numbers")
        if "NextToken" in page:
            page["nextToken"] = page.pop("NextToken")
        return page

    def opt_in_phone_number(self, phoneNumber: str) -> None:
        self.opted_out.pop(self._number(phoneNumber), None)

    def opt_out(self, number: str) -> None:
        """What the owner of a phone does by replying STOP: `aws.service("sns", None, None).opt_out("+15551234567")`."""
        with self.cloud.exclusive():
            self.opted_out[self._number(number)] = self.clock.time()

    def _number(self, number: str) -> str:
        if not _E164.match(number):
            raise invalid("PhoneNumber", "input incorrectly formatted")
        return number.lstrip("+")

    # --- the sandbox

    def get_sms_sandbox_account_status(self) -> dict[str, Any]:
        return {"IsInSandbox": bool(self.limits["sms-sandbox"])}

    def create_sms_sandbox_phone_number(self, PhoneNumber: str, LanguageCode: str | None = None) -> None:
        number = "+" + self._number(PhoneNumber)
        if self._number(PhoneNumber) in self.opted_out:
            raise self.error("OptedOut", "The phone number has opted out of receiving text messages")
        if number not in self.sandbox_numbers:
            self.limits.quota("sms-sandbox-numbers", len(self.sandbox_numbers))
        code = self.ids.digits("one-time-password", 6)
        self.sandbox_numbers[number] = code
        self._verification(number, code)

    def _verification(self, number: str, code: str) -> None:
        text = f"Your AWS verification code is {code}"
        self.outbox.append(  # type: ignore[attr-defined]
            Sent("sms", number, text, self.ids.uuid("message"), self.clock.time())
        )

    def verify_sms_sandbox_phone_number(self, PhoneNumber: str, OneTimePassword: str) -> None:
        number = self._sandbox_number(PhoneNumber)
        code = self.sandbox_numbers[number]
        if code is not None and code != OneTimePassword:
            raise self.error("VerificationException", "Verification failed", Status="Pending")
        self.sandbox_numbers[number] = None

    def delete_sms_sandbox_phone_number(self, PhoneNumber: str) -> None:
        del self.sandbox_numbers[self._sandbox_number(PhoneNumber)]

    def list_sms_sandbox_phone_numbers(
        self, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = [
            {"PhoneNumber": number, "Status": "Verified" if code is None else "Pending"}
            for number, code in self.sandbox_numbers.items()
        ]
        return self.page("PhoneNumbers", found, NextToken, "listed-phone-numbers", MaxResults)

    def list_origination_numbers(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        # Numbers are bought elsewhere (AWS End User Messaging): an account has none here.
        return self.page("PhoneNumbers", [], NextToken, "listed-origination-numbers", MaxResults)

    def _sandbox_number(self, number: str) -> str:
        full = "+" + self._number(number)
        if full not in self.sandbox_numbers:
            raise self.error("ResourceNotFound", "The phone number is not in the SMS sandbox")
        return full


def _wrong(message: str) -> AWSError:
    return AWSError("InvalidParameter", message)
