"""Amazon SNS (regional)."""

from __future__ import annotations

from awsim.services.sns.operations.applications import ApplicationOperations
from awsim.services.sns.operations.publishing import PublishOperations
from awsim.services.sns.operations.sms import SMSOperations
from awsim.services.sns.operations.subscriptions import SubscriptionOperations
from awsim.services.sns.operations.topics import TopicOperations


class SNS(PublishOperations, SubscriptionOperations, TopicOperations, ApplicationOperations, SMSOperations):
    """Amazon Simple Notification Service.

    Operations are in `operations/`, thin; what topics, subscriptions, filters and deliveries do is in the plain
    classes beside them. What leaves AWS (HTTP requests, e-mails, text messages, pushes) is kept in `outbox`:

        aws.service("sns", None, None).outbox[-1].body
    """
