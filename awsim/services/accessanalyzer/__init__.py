"""IAM Access Analyzer."""

from awsim.services.accessanalyzer.service import AccessAnalyzer

SERVICE = AccessAnalyzer
