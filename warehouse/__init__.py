"""record -> table. The only code that writes the vault and the warehouse."""
