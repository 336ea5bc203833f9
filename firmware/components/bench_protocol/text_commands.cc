#include "bench_protocol/text_commands.h"

#include <cstring>

#include "bench_protocol/text_infer.h"
#include "bench_protocol/version.h"

namespace quantci {
namespace {

constexpr char kProfile[] = "ULPMark for tinyML Firmware V0.0.1";
}  // namespace

void TextCommands::Greet(Port* port) {
  TextWriter out(port);
  out.Line("m-timestamp-mode-performance");
  out.Line("m-lap-us-%llu",
           static_cast<unsigned long long>(bench_->platform().Microseconds()));
  out.Line("m-init-done");
  out.Line("m-ready");
}

void TextCommands::Answer(TextLine* line, Port* port) {
  TextWriter out(port);
  if (line->too_long()) {
    out.Line("e-[Command longer than %u characters]",
             static_cast<unsigned>(TextLine::kMaxCommand));
  } else {
    Execute(line->text(), &out);
  }
  line->Clear();
  out.Line("m-ready");
}

void TextCommands::Execute(char* command, TextWriter* out) {
  Words words(command);
  const char* word = words.Next();
  if (word == nullptr) word = "";
  if (std::strcmp(word, "name") == 0) {
    out->Line("m-name-dut-[%s]", kFirmwareName);
  } else if (std::strcmp(word, "timestamp") == 0) {
    out->Line("m-lap-us-%llu", static_cast<unsigned long long>(
                                   bench_->platform().Microseconds()));
  } else if (std::strcmp(word, "profile") == 0) {
    Profile(out);
  } else if (std::strcmp(word, "help") == 0) {
    Help(out);
  } else if (std::strcmp(word, "db") == 0) {
    db_.Answer(&words, out);
  } else if (std::strcmp(word, "infer") == 0) {
    Infer(bench_, &words, out);
  } else if (std::strcmp(word, "results") == 0) {
    if (bench_->SelectLast()) {
      WriteResults(bench_, out);
    } else {
      out->Line("e-[No model is selected]");
    }
  } else {
    out->Line("e-[Unknown command: %s]", word);
  }
}

void TextCommands::Profile(TextWriter* out) {
  out->Line("m-profile-[%s]", kProfile);
  out->Line("m-model-[%s]", bench_->model_id());
}

void TextCommands::Help(TextWriter* out) {
  out->Line("%s", kFirmware);
  out->Line("help            this text");
  out->Line("name            name of the device");
  out->Line("profile         version of these commands, and the model");
  out->Line("timestamp       microseconds since the start");
  out->Line("db load N       make room for N bytes of input");
  out->Line("db HH[HH]*      the next bytes of input, in hexadecimal");
  out->Line("db print        the input");
  out->Line("infer [N [W]]   N inferences (1) after W to warm up (10)");
  out->Line("results         the last outputs");
}

}  // namespace quantci
