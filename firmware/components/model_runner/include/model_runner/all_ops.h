// Every operator that esp-tflite-micro 1.4 has a kernel for (Ethos-U is Arm's).
// An application takes only those of its model: `quantci embed` writes them.
#ifndef MODEL_RUNNER_ALL_OPS_H_
#define MODEL_RUNNER_ALL_OPS_H_

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

namespace quantci {

class AllOps : public tflite::MicroMutableOpResolver<117> {
 public:
  AllOps() {
    AddAbs();
    AddAdd();
    AddAddN();
    AddArgMax();
    AddArgMin();
    AddAssignVariable();
    AddAveragePool2D();
    AddBatchMatMul();
    AddBatchToSpaceNd();
    AddBroadcastArgs();
    AddBroadcastTo();
    AddCallOnce();
    AddCast();
    AddCeil();
    AddCircularBuffer();
    AddConcatenation();
    AddConv2D();
    AddCos();
    AddCumSum();
    AddDecode();
    AddDelay();
    AddDepthToSpace();
    AddDepthwiseConv2D();
    AddDequantize();
    AddDetectionPostprocess();
    AddDiv();
    AddDynamicUpdateSlice();
    AddEmbeddingLookup();
    AddEnergy();
    AddElu();
    AddEqual();
    AddExp();
    AddExpandDims();
    AddFftAutoScale();
    AddFill();
    AddFilterBank();
    AddFilterBankLog();
    AddFilterBankSquareRoot();
    AddFilterBankSpectralSubtraction();
    AddFloor();
    AddFloorDiv();
    AddFloorMod();
    AddFramer();
    AddFullyConnected();
    AddGather();
    AddGatherNd();
    AddGreater();
    AddGreaterEqual();
    AddHardSwish();
    AddIf();
    AddIrfft();
    AddL2Normalization();
    AddL2Pool2D();
    AddLeakyRelu();
    AddLess();
    AddLessEqual();
    AddLog();
    AddLogicalAnd();
    AddLogicalNot();
    AddLogicalOr();
    AddLogistic();
    AddLogSoftmax();
    AddMaximum();
    AddMaxPool2D();
    AddMirrorPad();
    AddMean();
    AddMinimum();
    AddMul();
    AddNeg();
    AddNotEqual();
    AddOverlapAdd();
    AddPack();
    AddPad();
    AddPadV2();
    AddPCAN();
    AddPrelu();
    AddQuantize();
    AddReadVariable();
    AddReduceAll();
    AddReduceMax();
    AddReduceMin();
    AddRelu();
    AddRelu6();
    AddReshape();
    AddResizeBilinear();
    AddResizeNearestNeighbor();
    AddReverseV2();
    AddRfft();
    AddRound();
    AddRsqrt();
    AddSelectV2();
    AddShape();
    AddSin();
    AddSlice();
    AddSoftmax();
    AddSpaceToBatchNd();
    AddSpaceToDepth();
    AddSplit();
    AddSplitV();
    AddSqueeze();
    AddSqrt();
    AddSquare();
    AddSquaredDifference();
    AddStridedSlice();
    AddStacker();
    AddSub();
    AddSum();
    AddSvdf();
    AddTanh();
    AddTransposeConv();
    AddTranspose();
    AddUnpack();
    AddUnidirectionalSequenceLSTM();
    AddVarHandle();
    AddWhile();
    AddWindow();
    AddZerosLike();
  }
};

}  // namespace quantci

#endif  // MODEL_RUNNER_ALL_OPS_H_
