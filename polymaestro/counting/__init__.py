"""Relations to quasi-polynomials with the region where they hold."""
