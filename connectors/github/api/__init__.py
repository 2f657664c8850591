"""Asking GitHub: tokens, rate limits, queries and what their answers mean."""
