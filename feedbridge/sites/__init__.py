"""What is true of one site only, as data (`rules/*.toml`), and the small engine that applies it (`apply`)."""
