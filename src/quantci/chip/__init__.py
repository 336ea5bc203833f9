"""What the chip can do, and what it needs."""
