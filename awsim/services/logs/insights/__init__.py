"""The language of Logs Insights: a query is read once, then run over events.

Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax".
"""
