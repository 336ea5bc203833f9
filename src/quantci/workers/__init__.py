"""Processes that run what may crash, hang or turn against us, with limits; nothing of TFLite in here."""
