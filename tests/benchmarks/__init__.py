"""What awsim costs, as ratios to what boto3 itself costs and beside moto.

python -m tests.benchmarks [section …] [--quick] [--json] [--moto-python PATH]
"""
