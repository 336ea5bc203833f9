"""Range rules: which part of its values an activation's integers cover. Each is one pure function of statistics."""
