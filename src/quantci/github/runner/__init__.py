"""What a job reads and writes: the event, outputs, the summary, annotations."""
