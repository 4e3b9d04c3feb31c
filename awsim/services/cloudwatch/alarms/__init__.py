"""Alarms: what they say, how they are evaluated, and whom they tell."""
