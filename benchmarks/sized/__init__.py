"""Trainings of many kinds whose batch is sized under a limit."""
