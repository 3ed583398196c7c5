"""Programs, scripts, shortcuts, pages: what runs when it is opened, and what a name pretends."""
