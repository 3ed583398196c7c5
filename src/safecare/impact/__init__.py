"""Impact: incident in, forecast out. The algebra stands in `safecare.cascade`; here it is put into words."""
