"""What EventBridge Scheduler tells CloudWatch, by schedule groups.

Source: EventBridge Scheduler User Guide, "Monitoring Amazon EventBridge Scheduler with Amazon CloudWatch".
"""

from __future__ import annotations

ATTEMPTS = "InvocationAttemptCount"
ERRORS = "TargetErrorCount"
THROTTLED = "TargetErrorThrottledCount"
DROPPED = "InvocationDroppedCount"
BURIED = "InvocationsSentToDeadLetterCount"
LOST = "InvocationsFailedToBeSentToDeadLetterCount"
