"""What carries augmented samples into a framework; each module imports its own framework."""
