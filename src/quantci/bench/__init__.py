"""The INT8 model on a device: is the device sound, how long does it take, and are its outputs those of TFLM here."""
