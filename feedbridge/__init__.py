"""feedbridge turns a directory of archived articles into feeds for any reader."""
