"""Building automation: values that we read from field buses. Reading only; nothing is ever written."""
