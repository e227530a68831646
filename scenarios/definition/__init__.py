"""Scenario and study files: what they may hold, what varies, and the scenario it comes to."""
