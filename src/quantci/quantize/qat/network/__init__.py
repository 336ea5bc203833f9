"""The float flatbuffer as a network of torch, which only this room imports; only qat/session.py imports the room."""
