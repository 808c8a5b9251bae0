"""What every export says of itself."""

RESEARCH_NOTICE = "Research use only. Not a medical device; not for diagnosis or treatment."
