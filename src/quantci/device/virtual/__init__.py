"""The virtual device: a process that speaks the firmware's protocol, runs models on the host, and fails on demand."""
