"""What the terminal shows: tables, progress bars, lines."""
