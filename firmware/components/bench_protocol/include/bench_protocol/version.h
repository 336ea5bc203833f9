#ifndef BENCH_PROTOCOL_VERSION_H_
#define BENCH_PROTOCOL_VERSION_H_

namespace quantci {

constexpr char kFirmwareName[] = "quantci-bench";
constexpr char kFirmware[] = "quantci-bench 0.1.0";

}  // namespace quantci

#endif  // BENCH_PROTOCOL_VERSION_H_
