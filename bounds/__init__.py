"""The mathematics of dimfree: pure functions of arrays in float64. No files, no clock, no global random state."""
