"""The command line's commands: thin functions, their options, what the terminal shows."""
