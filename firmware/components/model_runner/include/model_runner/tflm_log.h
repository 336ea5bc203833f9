// What TFLM says on the way to an error: it goes to the host in the reply, and
// not among the bytes on the port.
#ifndef MODEL_RUNNER_TFLM_LOG_H_
#define MODEL_RUNNER_TFLM_LOG_H_

namespace quantci {

void ClearTflmLog();
const char* TflmLog();

}  // namespace quantci

#endif  // MODEL_RUNNER_TFLM_LOG_H_
