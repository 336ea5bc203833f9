"""Show typed content: one renderer for Markdown, one for a terminal. In both, what strangers wrote stays literal."""
