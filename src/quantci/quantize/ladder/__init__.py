"""The ladder: recipes are tried in the order of what they cost, and the best is kept, without the evaluation set."""
