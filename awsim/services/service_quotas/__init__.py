"""Service Quotas: a view of the limits table."""

from awsim.services.service_quotas.service import ServiceQuotas

SERVICE = ServiceQuotas
