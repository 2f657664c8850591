"""What a reader may ask for: who asks, whether they may, and what they get. No printing, no HTML."""
