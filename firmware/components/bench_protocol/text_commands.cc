#include "bench_protocol/text_commands.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench_protocol/tensor_values.h"
#include "bench_protocol/version.h"

namespace quantci {
namespace {

constexpr char kProfile[] = "ULPMark for tinyML Firmware V0.0.1";
constexpr std::uint32_t kDefaultIterations = 1;
constexpr std::uint32_t kDefaultWarmUp = 10;

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// As atoi has it: what is no number is 0. Wide enough for what anyone types.
long long Number(const char* word) { return std::strtoll(word, nullptr, 10); }

bool FitsU32(long long number) { return number <= 0xFFFFFFFFLL; }

bool IsPixels(const char* id) {
  return std::strcmp(id, "ic01") == 0 || std::strcmp(id, "vww01") == 0;
}

bool IsAnomaly(const char* id) { return std::strcmp(id, "ad01") == 0; }

}  // namespace

bool TextLine::Put(char character) {
  if (character == '%') {
    text_[too_long() ? 0 : size_] = 0;
    return true;
  }
  if (character == '\r' || character == '\n') return false;
  if (size_ < kMaxCommand) text_[size_] = character;
  if (size_ <= kMaxCommand) ++size_;
  return false;
}

void TextCommands::Greet(Port* port) {
  port_ = port;
  Line("m-timestamp-mode-performance");
  Line("m-lap-us-%llu",
       static_cast<unsigned long long>(bench_->platform().Microseconds()));
  Line("m-init-done");
  Line("m-ready");
}

void TextCommands::Answer(TextLine* line, Port* port) {
  port_ = port;
  if (line->too_long()) {
    Line("e-[Command longer than %u characters]",
         static_cast<unsigned>(TextLine::kMaxCommand));
  } else {
    Execute(line->text());
  }
  line->Clear();
  Line("m-ready");
}

void TextCommands::Execute(char* command) {
  rest_ = command;
  const char* word = NextWord();
  if (word == nullptr) word = "";
  if (std::strcmp(word, "name") == 0) {
    Line("m-name-dut-[%s]", kFirmwareName);
  } else if (std::strcmp(word, "timestamp") == 0) {
    Line("m-lap-us-%llu",
         static_cast<unsigned long long>(bench_->platform().Microseconds()));
  } else if (std::strcmp(word, "profile") == 0) {
    Profile();
  } else if (std::strcmp(word, "help") == 0) {
    Help();
  } else if (std::strcmp(word, "db") == 0) {
    Db();
  } else if (std::strcmp(word, "infer") == 0) {
    Infer();
  } else if (std::strcmp(word, "results") == 0) {
    if (bench_->SelectLast()) {
      Results();
    } else {
      Line("e-[No model is selected]");
    }
  } else {
    Line("e-[Unknown command: %s]", word);
  }
}

void TextCommands::Profile() {
  Line("m-profile-[%s]", kProfile);
  Line("m-model-[%s]", bench_->model_id());
}

void TextCommands::Help() {
  Line("%s", kFirmware);
  Line("help            this text");
  Line("name            name of the device");
  Line("profile         version of these commands, and the model");
  Line("timestamp       microseconds since the start");
  Line("db load N       make room for N bytes of input");
  Line("db HH[HH]*      the next bytes of input, in hexadecimal");
  Line("db print        the input");
  Line("infer [N [W]]   N inferences (1) after W to warm up (10)");
  Line("results         the last outputs");
}

void TextCommands::Db() {
  const char* word = NextWord();
  if (word == nullptr) {
    Line("e-[Command 'db' requires a subcommand]");
  } else if (std::strcmp(word, "load") == 0) {
    DbLoad();
  } else if (std::strcmp(word, "print") == 0) {
    DbPrint();
  } else {
    DbBytes(word);
  }
}

void TextCommands::DbLoad() {
  const char* word = NextWord();
  const std::uint32_t room = bench_->memory().input_bytes;
  if (word == nullptr) {
    Line("e-[Command 'db load' requires the # of bytes]");
    return;
  }
  const long long size = Number(word);
  if (size <= 0) {
    Line("e-[Command 'db load' must be >0 bytes]");
  } else if (size > static_cast<long long>(room)) {
    Line("e-[Supplied buffer size %lld exceeds maximum of %lu]", size,
         static_cast<unsigned long>(room));
  } else {
    db_size_ = static_cast<std::uint32_t>(size);
    bench_->SetTextBytes(0);
    Line("m-[Expecting %lu bytes]", static_cast<unsigned long>(db_size_));
  }
}

void TextCommands::DbPrint() {
  const std::uint8_t* bytes = bench_->memory().input;
  const std::uint32_t size = bench_->text_bytes();
  for (std::uint32_t i = 0; i < size; i += 8) {
    Write("m-buffer");
    for (std::uint32_t j = i; j < size && j < i + 8; ++j) {
      char text[4];
      std::snprintf(text, sizeof(text), "-%02x", bytes[j]);
      Write(text);
    }
    Write("\r\n");
  }
  if (size % 8 != 0) Write("\r\n");
}

void TextCommands::DbBytes(const char* digits) {
  const std::size_t length = std::strlen(digits);
  if (length % 2 != 0) {
    Line("e-[Insufficent number of hex digits]");
    return;
  }
  for (std::size_t i = 0; i < length; i += 2) {
    if (HexDigit(digits[i]) < 0 || HexDigit(digits[i + 1]) < 0) {
      Line("e-[Invalid hex digit '%c%c']", digits[i], digits[i + 1]);
      return;
    }
  }
  std::uint32_t taken = bench_->text_bytes();
  if (length / 2 > db_size_ - taken) {
    Line("e-[More than %lu bytes]", static_cast<unsigned long>(db_size_));
    return;
  }
  for (std::size_t i = 0; i < length; i += 2) {
    bench_->memory().input[taken++] = static_cast<std::uint8_t>(
        HexDigit(digits[i]) * 16 + HexDigit(digits[i + 1]));
  }
  bench_->SetTextBytes(taken);
  if (taken == db_size_) Line("m-load-done");
}

void TextCommands::Infer() {
  long long iterations = kDefaultIterations;
  long long warm_up = kDefaultWarmUp;
  if (const char* word = NextWord(); word != nullptr) {
    iterations = Number(word);
    if (iterations <= 0 || !FitsU32(iterations)) {
      Line("e-[Inference iterations must be >0]");
      return;
    }
    word = NextWord();
    if (word != nullptr) warm_up = Number(word);
    if (warm_up < 0 || !FitsU32(warm_up)) {
      Line("e-[Inference warmup must be >=0]");
      return;
    }
  }
  if (!bench_->SelectLast()) {
    Line("e-[No model is selected]");
    return;
  }
  const std::uint8_t* inputs = StageInputs();
  if (inputs == nullptr) return;
  bench_->UseInputs(inputs);

  Line("m-warmup-start-%lld", warm_up);
  Status status = bench_->Repeat(static_cast<std::uint32_t>(warm_up));
  if (status.ok()) {
    Line("m-warmup-done");
    Line("m-infer-start-%lld", iterations);
    // Both are written afterwards: writing takes time as well.
    const std::uint64_t start = bench_->platform().Microseconds();
    status = bench_->Repeat(static_cast<std::uint32_t>(iterations));
    const std::uint64_t end = bench_->platform().Microseconds();
    if (status.ok()) {
      Line("m-lap-us-%llu", static_cast<unsigned long long>(start));
      Line("m-lap-us-%llu", static_cast<unsigned long long>(end));
      Line("m-infer-done");
      Results();
      return;
    }
  }
  Line("e-[Inference failed: %s]", status.text());
}

const std::uint8_t* TextCommands::StageInputs() {
  const BenchMemory& memory = bench_->memory();
  const TensorDescription tensor = bench_->runner().input(0);
  const char* id = bench_->model_id();
  const bool int8 = static_cast<TensorType>(tensor.type) == TensorType::kInt8;
  const bool pixels = int8 && IsPixels(id);
  const bool floats = int8 && IsAnomaly(id);
  const std::uint32_t model_bytes = bench_->input_size();
  const std::uint32_t taken = bench_->text_bytes();
  const std::uint32_t wanted = floats ? 4 * model_bytes : model_bytes;
  if (taken != wanted) {
    Line("e-[The model takes %lu bytes, not %lu]",
         static_cast<unsigned long>(wanted), static_cast<unsigned long>(taken));
    return nullptr;
  }
  if (!pixels && !floats) return memory.input;

  // The buffer stays as it came, for `db print` and the reconstruction error.
  if (model_bytes > memory.input_bytes - taken) {
    Line("e-[Inference failed: max_input is too small to quantize into]");
    return nullptr;
  }
  std::uint8_t* staged = memory.input + taken;
  for (std::uint32_t i = 0; i < model_bytes; ++i) {
    if (pixels) {
      staged[i] = static_cast<std::uint8_t>(memory.input[i] - 128);
    } else {
      float value = 0;
      std::memcpy(&value, memory.input + 4 * i, sizeof(value));
      staged[i] = static_cast<std::uint8_t>(QuantizeInt8(tensor, value));
    }
  }
  return staged;
}

void TextCommands::Results() {
  const ModelRunner& runner = bench_->runner();
  char text[48];
  Write("m-results-[");
  const TensorDescription first = runner.output(0);
  const bool floats_came = bench_->text_bytes() == 4 * ElementCount(first);
  if (IsAnomaly(bench_->model_id()) && floats_came) {
    double sum = 0;
    const std::uint32_t count = ElementCount(first);
    for (std::uint32_t i = 0; i < count; ++i) {
      float value = 0;
      std::memcpy(&value, bench_->memory().input + 4 * i, sizeof(value));
      const double apart = RealValue(first, runner.output_data(0), i) -
                           static_cast<double>(value);
      sum += apart * apart;
    }
    std::snprintf(text, sizeof(text), "%.3f", sum / count);
    Write(text);
  } else {
    for (std::uint8_t i = 0; i < runner.description().outputs; ++i) {
      const TensorDescription tensor = runner.output(i);
      for (std::uint32_t j = 0; j < ElementCount(tensor); ++j) {
        if (i > 0 || j > 0) Write(",");
        std::snprintf(text, sizeof(text), "%.3f",
                      RealValue(tensor, runner.output_data(i), j));
        Write(text);
      }
    }
  }
  Write("]\r\n");
}

const char* TextCommands::NextWord() {
  while (*rest_ == ' ') ++rest_;
  if (*rest_ == 0) return nullptr;
  char* word = rest_;
  while (*rest_ != 0 && *rest_ != ' ') ++rest_;
  if (*rest_ != 0) *rest_++ = 0;
  return word;
}

void TextCommands::Line(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text) - 2, format, arguments);
  va_end(arguments);
  std::strcat(text, "\r\n");
  Write(text);
}

void TextCommands::Write(const char* text) {
  port_->Write(reinterpret_cast<const std::uint8_t*>(text), std::strlen(text));
}

}  // namespace quantci
