"""Processes with limits, for code that may crash, hang or be exploited; nothing about TFLite in here."""
