"""What the arms of `auto.py` are given, and what they do."""
