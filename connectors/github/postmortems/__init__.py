"""Post-mortems that are documents of a repository on GitHub."""
