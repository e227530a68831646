"""Many scenarios: planned, run here or on many machines, kept, read back."""
