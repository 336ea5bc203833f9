"""The table that everybody reads: each figure on the base branch, in this change, and what lies between."""
