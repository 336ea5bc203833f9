"""The float flatbuffer as a network of torch: no other room imports torch, and session.py and known.py import this."""
