#include "options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "bench_protocol/interfaces.h"

namespace quantci {
namespace {

constexpr char kUsage[] =
    "usage: quantci-device [--tcp PORT] [--link PATH] [--model FILE]\n"
    "                      [--id MODEL] [--echo BYTES] [--board-id TEXT]\n"
    "\n"
    "Speaks firmware/PROTOCOL.md on a pty, whose name is printed first.\n"
    "  --tcp PORT       on 127.0.0.1:PORT instead; 0: any that is free\n"
    "  --link PATH      a symbolic link to the pty, removed at the end\n"
    "  --model FILE     is in slot 0, and selected, from the start\n"
    "  --id MODEL       its name in text mode: kws01, ic01, vww01, ad01\n"
    "  --echo BYTES     size of the echo engine's tensors, 490 by default\n"
    "  --board-id TEXT  of this virtual board\n";

std::uint32_t ParseNumber(const char* text, unsigned long most) {
  char* end = nullptr;
  const unsigned long value = std::strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != 0 || value > most) {
    throw std::invalid_argument(std::string(text) +
                                " is not a number from 0 to " +
                                std::to_string(most));
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  enum { kTcp = 1, kLink, kModel, kId, kEcho, kBoardId };
  const option known[] = {{"tcp", required_argument, nullptr, kTcp},
                          {"link", required_argument, nullptr, kLink},
                          {"model", required_argument, nullptr, kModel},
                          {"id", required_argument, nullptr, kId},
                          {"echo", required_argument, nullptr, kEcho},
                          {"board-id", required_argument, nullptr, kBoardId},
                          {"help", no_argument, nullptr, 'h'},
                          {nullptr, 0, nullptr, 0}};
  Options options;
  for (int c; (c = getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
    switch (c) {
      case kTcp:
        options.tcp = static_cast<int>(ParseNumber(optarg, 65535));
        break;
      case kLink:
        options.link = optarg;
        break;
      case kModel:
        options.model = optarg;
        break;
      case kId:
        options.id = optarg;
        break;
      case kEcho:
        options.echo = ParseNumber(optarg, kInputBytes);
        break;
      case kBoardId:
        options.board_id = optarg;
        break;
      case 'h':
        std::fputs(kUsage, stdout);
        std::exit(0);
      default:
        std::fputs(kUsage, stderr);
        std::exit(2);
    }
  }
  if (optind < argc) {
    throw std::invalid_argument(std::string("what is ") + argv[optind] + "?");
  }
  if (options.id.size() > kMaxModelId) {
    throw std::invalid_argument("--id has more than 32 characters");
  }
  if (options.tcp >= 0 && !options.link.empty()) {
    throw std::invalid_argument("--link is for a pty, not with --tcp");
  }
  return options;
}

}  // namespace quantci
