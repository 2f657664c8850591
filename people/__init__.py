"""Who is who, and what each person decides about their own report."""
