"""What Postroom remembers; the only room that speaks SQL."""
