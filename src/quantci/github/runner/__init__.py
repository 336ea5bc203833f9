"""What a job is told and tells: the event, outputs, the summary, annotations."""
