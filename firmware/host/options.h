// The command line of quantci-device.
#ifndef HOST_OPTIONS_H_
#define HOST_OPTIONS_H_

#include <cstdint>
#include <string>

namespace quantci {

constexpr std::uint32_t kInputBytes = 512u << 10;

struct Options {
  int tcp = -1;
  std::string link;
  std::string model;
  std::string id;
  std::uint32_t echo = 490;
  std::string board_id = "virtual-1";
};

// Ends the program after --help, and where an option is not known.
Options ParseOptions(int argc, char** argv);

}  // namespace quantci

#endif  // HOST_OPTIONS_H_
