"""Files of the operator's: declared exports, the roster, a staff list."""
