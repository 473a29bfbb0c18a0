"""Image data sets: decoded once into uint8, cached by content, without duplicates, near duplicates or mirror images."""
