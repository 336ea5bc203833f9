"""What a model answers, one file a task: what is kept of a sample, metrics, the paired comparison, checks of labels."""
