"""How long an inference takes on the chip: the estimate, and the figures that it is fitted to."""
