# Stand-in for ESP-IDF: idf.py makes an image of two words, esptool is the tests' own, and QEMU is quantci's virtual device.
export PATH="$IDF_PATH/bin:$IDF_PATH/qemu/bin:$PATH"
