"""Risk studies from the hospital's own model: tables of EBIOS Risk Manager and ISO/IEC 27005, computed, not typed."""
