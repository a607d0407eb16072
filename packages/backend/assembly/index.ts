// The kernels that JavaScript calls: plain functions on addresses (bytes) and sizes (floats) in the memory handed in.
// No function keeps anything between calls; what it needs beyond its operands is passed as scratch.

export { activateAll, activateGradient } from './activations';
export { batchNorm, batchNormGradient, batchNormMoments, batchNormScratch } from './batch-norm';
export { convolution, convolutionInputGradient, convolutionScratch } from './convolution/convolution';
export { convolutionFilterGradient } from './convolution/filter-gradient';
export { winogradWins } from './convolution/winograd/choice';
export { depthwise, depthwiseInputGradient } from './depthwise/depthwise';
export { depthwiseFilterGradient } from './depthwise/filter-gradient';
export { gemm, gemmScratch } from './gemm/gemm';
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pool';
export { gruBackward, gruForward, gruWorkspace } from './recurrent/gru';
export { gruBeforeBackward, gruBeforeForward, gruBeforeWorkspace } from './recurrent/gru-before';
export { recurrentInputGradient } from './recurrent/input-gradient';
export { lstmBackward, lstmForward, lstmWorkspace } from './recurrent/lstm';
export { recurrentNormSize } from './recurrent/layer-norm';
export { recurrentDropsSize } from './recurrent/regularisers';
export { rnnBackward, rnnForward, rnnWorkspace } from './recurrent/rnn';
export { recurrentStates } from './recurrent/states';
export { add, copy, copyColumns, fillBias, sumRows } from './dense';
export { crossEntropy, logSoftmax, logSoftmaxGradient, pointwiseLoss, softmax, softmaxGradient } from './losses';
export { adam, clipValues, rmsprop, sgd, squaredNorm } from './optimizers';
