# TensorFlow Lite Micro as a checkout of espressif/esp-tflite-micro has it: its
# reference kernels, or with ESP_NN_DIR those that call ESP-NN, whose ANSI C
# runs here.
set(lite "${TFLM_DIR}/tensorflow/lite")
set(micro "${lite}/micro")
if(NOT EXISTS "${micro}/micro_interpreter.cc")
  message(FATAL_ERROR "TFLM_DIR=${TFLM_DIR} is not a checkout of esp-tflite-micro")
endif()

file(GLOB tflm_sources
     "${micro}/*.cc"
     "${micro}/kernels/*.cc"
     "${micro}/arena_allocator/*.cc"
     "${micro}/memory_planner/*.cc"
     "${micro}/tflite_bridge/*.cc"
     "${lite}/core/api/*.cc"
     "${lite}/core/c/*.cc"
     "${lite}/kernels/*.cc"
     "${lite}/kernels/internal/*.cc"
     "${lite}/kernels/internal/reference/*.cc"
     "${TFLM_DIR}/tensorflow/compiler/mlir/lite/core/api/*.cc"
     "${TFLM_DIR}/tensorflow/compiler/mlir/lite/schema/*.cc"
     "${TFLM_DIR}/signal/micro/kernels/*.cc"
     "${TFLM_DIR}/signal/src/*.cc"
     "${TFLM_DIR}/signal/src/kiss_fft_wrappers/*.cc")
# debug_log.cc: model_runner has its own. The others are for tests of TFLM.
list(FILTER tflm_sources EXCLUDE REGEX
     "/(debug_log|test_helper[a-z_]*|mock_micro_graph|fake_micro_context|kernel_runner|decode_test_helpers)\\.cc$")

if(ESP_NN_DIR)
  foreach(kernel add conv depthwise_conv fully_connected mul pooling softmax)
    list(REMOVE_ITEM tflm_sources "${micro}/kernels/${kernel}.cc")
    list(APPEND tflm_sources "${micro}/kernels/esp_nn/${kernel}.cc")
  endforeach()
  file(GLOB_RECURSE esp_nn_sources "${ESP_NN_DIR}/src/*_ansi.c")
  add_library(esp_nn STATIC ${esp_nn_sources})
  target_include_directories(esp_nn SYSTEM PUBLIC "${ESP_NN_DIR}/include"
                                                  "${ESP_NN_DIR}/src/common")
  target_compile_definitions(esp_nn PUBLIC CONFIG_NN_ANSI_C=1)
endif()

add_library(tflm STATIC ${tflm_sources})
target_include_directories(tflm SYSTEM PUBLIC
    "${TFLM_DIR}"
    "${TFLM_DIR}/third_party/gemmlowp"
    "${TFLM_DIR}/third_party/flatbuffers/include"
    "${TFLM_DIR}/third_party/ruy"
    "${TFLM_DIR}/third_party/kissfft")
target_compile_definitions(tflm PUBLIC TF_LITE_STATIC_MEMORY
                                       TF_LITE_DISABLE_X86_NEON)
# Without exceptions, as TFLM has it: an exception would call a `delete` that it
# keeps private.
target_compile_options(tflm PRIVATE -w
                       $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
if(ESP_NN_DIR)
  target_compile_definitions(tflm PRIVATE ESP_NN=1)
  target_include_directories(tflm SYSTEM PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/stubs")
  target_link_libraries(tflm PRIVATE esp_nn)
endif()

function(component_version folder result)
  set(${result} "" PARENT_SCOPE)
  if(EXISTS "${folder}/idf_component.yml")
    file(STRINGS "${folder}/idf_component.yml" line REGEX "^version:" LIMIT_COUNT 1)
    string(REGEX REPLACE "^version: *\"?([^\" ]*)\"?.*" "\\1" version "${line}")
    set(${result} "${version}" PARENT_SCOPE)
  endif()
endfunction()

component_version("${TFLM_DIR}" tflm_version)
target_compile_definitions(model_runner PRIVATE
    QUANTCI_KERNELS="$<IF:$<BOOL:${ESP_NN_DIR}>,esp-nn-ansi-c,reference>"
    QUANTCI_TFLM_VERSION="${tflm_version}")
if(ESP_NN_DIR)
  component_version("${ESP_NN_DIR}" esp_nn_version)
  target_compile_definitions(model_runner PRIVATE
      QUANTCI_ESP_NN_VERSION="${esp_nn_version}")
endif()
