"""What is measured by hand; README.md tells how."""
