"""Join the stages' records, judge them against gates and baseline, and say it in Markdown and on a terminal."""
