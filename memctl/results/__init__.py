"""What runs leave, and what a sweep's runs say together. Free of torch."""
