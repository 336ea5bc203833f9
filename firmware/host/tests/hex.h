#ifndef TESTS_HEX_H_
#define TESTS_HEX_H_

#include <string>

namespace quantci {

inline std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace quantci

#endif  // TESTS_HEX_H_
