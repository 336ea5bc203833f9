"""What each part of a report says, as typed content: no Markdown, no terminal."""
