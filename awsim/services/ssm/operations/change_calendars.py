"""Change calendars: whether changes are let in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import calendars, refusals, timetable
from awsim.services.ssm.calendars import Calendar
from awsim.services.ssm.operations.documents import DocumentOperations


class CalendarOperations(DocumentOperations):
    def get_calendar_state(self, CalendarNames: Sequence[str], AtTime: str | None = None) -> dict[str, Any]:
        try:
            at = self.now if AtTime is None else timetable.moment(AtTime)
        except timetable.BadSchedule:
            raise refusals.invalid(f"AtTime {AtTime} isn't a time in ISO 8601.") from None
        state, following = calendars.together(self.calendars_at(CalendarNames), at)
        return {
            "State": state,
            "AtTime": timetable.written(at),
            "NextTransitionTime": None if following is None else timetable.written(following),
        }

    def calendars_at(self, names: Sequence[str]) -> list[Calendar]:
        """Raises InvalidDocument, InvalidDocumentType, UnsupportedCalendarException."""
        found = []
        for name in names:
            document = self.document_at(name)
            if document.kind != "ChangeCalendar":
                raise AWSError("InvalidDocumentType", "The SSM document type isn't valid.")
            try:
                found.append(calendars.read(self.version_of(document, None).text))
            except calendars.BadCalendar:
                raise AWSError("UnsupportedCalendarException", "The calendar entry isn't supported.") from None
        return found

    def calendars_open(self, names: Sequence[str]) -> bool:
        """Whether all calendars are open now; so they are where there are none."""
        return calendars.together(self.calendars_at(names), self.now)[0] == calendars.OPEN
