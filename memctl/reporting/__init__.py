"""What people look at: figures, the page, the gallery of samplers. Free of torch."""
