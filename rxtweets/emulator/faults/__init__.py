"""Faults on request: the actions, the plan of those in force, and scenario files."""
