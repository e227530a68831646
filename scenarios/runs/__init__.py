"""One run, replay or comparison: from the call to files, terminal and stored results."""
