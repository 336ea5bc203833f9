"""Processes that run what may crash or hang, with limits; nothing of TFLite in here."""
