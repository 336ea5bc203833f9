// How a request ended: well, or with a code of firmware/PROTOCOL.md and a text.
#ifndef BENCH_PROTOCOL_STATUS_H_
#define BENCH_PROTOCOL_STATUS_H_

#include <cstdarg>
#include <cstdint>
#include <cstdio>

namespace quantci {

enum class ErrorCode : std::uint16_t {
  kNone = 0,
  kCommand = 1,
  kLength = 2,
  kNonce = 3,
  kVersion = 4,
  kSlot = 5,
  kSize = 6,
  kHash = 7,
  kStorage = 8,
  kModel = 9,
  kOp = 10,
  kArena = 11,
  kInvoke = 12,
  kIndex = 13,
  kState = 14,
  kMemory = 15,
  kTimer = 16,
  kCancelled = 17,
  kPlace = 18,
};

class Status {
 public:
  Status() { text_[0] = 0; }

  [[gnu::format(printf, 2, 3)]]
  static Status Error(ErrorCode code, const char* format, ...) {
    Status status;
    status.code_ = code;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(status.text_, sizeof(status.text_), format, arguments);
    va_end(arguments);
    return status;
  }

  bool ok() const { return code_ == ErrorCode::kNone; }
  ErrorCode code() const { return code_; }
  const char* text() const { return text_; }

 private:
  ErrorCode code_ = ErrorCode::kNone;
  char text_[160];
};

inline Status LengthError() {
  return Status::Error(ErrorCode::kLength, "wrong length");
}

}  // namespace quantci

#endif  // BENCH_PROTOCOL_STATUS_H_
