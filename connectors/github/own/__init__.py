"""GitHub as one person sees it, for personal mode."""
