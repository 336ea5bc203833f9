"""The ESP-IDF component: the quantized model and its constants, ready to compile."""
