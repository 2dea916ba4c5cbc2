"""What is asked of events and of the profiles they belong to: what a query says, and what it means. Source: contract B 5."""
