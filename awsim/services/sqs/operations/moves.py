"""Message move tasks: moving the messages of a dead-letter queue back, or elsewhere."""

from __future__ import annotations

from typing import Any

from awsim.errors import AWSError
from awsim.services.sqs.message import Entry
from awsim.services.sqs.moves import CANCELLED, CannotMove, MessageMoveTask, read_handle
from awsim.services.sqs.operations.queues import QueueOperations
from awsim.services.sqs.queue import Queue
from awsim.services.sqs.refusals import invalid


class MoveOperations(QueueOperations):
    def start_message_move_task(
        self, SourceArn: str, DestinationArn: str | None = None, MaxNumberOfMessagesPerSecond: int | None = None
    ) -> dict[str, Any]:
        source = self.queue_with_arn(SourceArn, "SourceArn")
        if not self._sources_of(source):
            raise AWSError("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        if DestinationArn is not None:
            destination = self.queue_with_arn(DestinationArn, "DestinationArn")
            if destination is source:
                raise invalid("DestinationArn", DestinationArn, "Source and destination queues must be different.")
            if destination.fifo != source.fifo:
                reason = "Source and destination queues must be of the same type."
                raise invalid("DestinationArn", DestinationArn, reason)
        if source.moves and source.moves[0].running:
            raise AWSError(
                "InvalidParameterValue",
                "There is already a task running. "
                "Only one active task is allowed for a source queue arn at a given time.",
            )
        self.limits.quota("move-tasks", sum(1 for queue in self.queues if queue.moves and queue.moves[0].running))
        task = MessageMoveTask(
            self.ids.uuid("message-move-task"),
            SourceArn,
            DestinationArn,
            MaxNumberOfMessagesPerSecond,
            source.visible,
            self.now(),
        )
        kept = self.limits["listed-move-tasks"]
        source.moves = (task, *source.moves)[: None if kept is None else int(kept)]
        self.later(0, "_move_messages", queue_name=source.name, task_id=task.id)
        return {"TaskHandle": task.handle}

    def cancel_message_move_task(self, TaskHandle: str) -> dict[str, Any]:
        told = read_handle(TaskHandle)
        if told is None:
            raise AWSError("InvalidParameterValue", "Value for parameter TaskHandle is invalid.")
        task_id, source_arn = told
        source = self.queue_with_arn(source_arn, "SourceArn")
        task = self._task(source, task_id)
        if task is None:
            raise self.error("ResourceNotFoundException", "Task does not exist.")
        if not task.running:
            raise AWSError("InvalidParameterValue", "Only running tasks can be cancelled.")
        task.status = CANCELLED
        return {"ApproximateNumberOfMessagesMoved": task.moved}

    def list_message_move_tasks(self, SourceArn: str, MaxResults: int | None = None) -> dict[str, Any]:
        source = self.queue_with_arn(SourceArn, "SourceArn")
        count = self.limits["listed-move-tasks-default"] if MaxResults is None else MaxResults
        tasks = source.moves[: int(count)]
        return {"Results": [task.described() for task in tasks]} if tasks else {}

    # --- the work

    def _move_messages(self, queue_name: str, task_id: str) -> None:
        """Move what a second allows; run by the scheduler."""
        source: Queue | None = self.queues.get(queue_name)
        task = None if source is None else self._task(source, task_id)
        if source is None or task is None or not task.running:
            return
        now = self.now()
        source.refresh(now)
        task.step(source, lambda entry: self._move(source, entry, task.destination_arn, now))
        if task.running:
            self.later(1, "_move_messages", queue_name=queue_name, task_id=task_id)

    def _move(self, source: Queue, entry: Entry, destination_arn: str | None, now: int) -> None:
        arn = destination_arn or entry.message.source_arn
        if arn is None:
            raise CannotMove("CouldNotDetermineMessageSource")
        destination: Queue | None = self.queues.get(arn.rpartition(":")[2])
        if destination is None:
            raise CannotMove("AWS.SimpleQueueService.NonExistentQueue")
        source.take_out(entry)
        destination.accept_redriven(entry.message, self.ids.uuid("message"), now)

    @staticmethod
    def _task(queue: Queue, task_id: str) -> MessageMoveTask | None:
        return next((task for task in queue.moves if task.id == task_id), None)
