"""What standards say, as pure functions: text, markup, addresses, dates, languages, media types."""
