"""Released -> words and pixels. Has no database driver."""
