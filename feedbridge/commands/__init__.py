"""One module a command: arguments in, report out."""
