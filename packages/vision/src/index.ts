export {
  type ClassifyOptions,
  classify,
  createImageClassifier,
  fitToInput,
  type ImageClassifier,
  type ImageClassifierParts,
  probabilitiesOf,
} from './classifier/image-classifier.ts';
export { loadImageClassifier, saveImageClassifier } from './classifier/image-classifier-file.ts';
export { type AnchorOptions, createAnchors } from './detection/anchors.ts';
export type { AnnotatedImage } from './detection/annotated-image.ts';
export { areaOf, type Box, clipBox, intersectionOf, iou } from './detection/box.ts';
export { type BoxCode, decodeBox, encodeBox } from './detection/box-code.ts';
export { type DetectOptions, detect } from './detection/detect.ts';
export { type CreateDetectorOptions, createDetector, type Detector } from './detection/detector.ts';
export type { DetectorConfig, DetectorSettings } from './detection/detector-config.ts';
export {
  type DetectorTraining,
  type DetectorTrainingOptions,
  detectorTraining,
} from './detection/detector-training.ts';
export { type DrawnBox, type DrawOptions, drawDetections } from './detection/draw-detections.ts';
export {
  type Detection,
  type GroundTruth,
  type MeanAveragePrecision,
  meanAveragePrecision,
} from './detection/mean-average-precision.ts';
export { type RoiAlignOptions, roiAlign } from './detection/roi-align.ts';
export { loadDetector, saveDetector } from './detection/save-detector.ts';
export { type SuppressionOptions, suppressOverlaps } from './detection/suppress-overlaps.ts';
export { type ContactSheetOptions, contactSheet } from './image/contact-sheet.ts';
export type { DecodeOptions } from './image/decode-options.ts';
export { encodePng } from './image/encode-png.ts';
export { createImage, type Image, withChannels } from './image/image.ts';
export { ImageError } from './image/image-error.ts';
export { type ImageHeader, readImageHeader } from './image/read-image-header.ts';
export type { HeatColours } from './insight/colour-table.ts';
export { featureMaps, mapImages } from './insight/feature-maps.ts';
export { filterImages } from './insight/filter-images.ts';
export { type GradCamOptions, gradCam } from './insight/grad-cam.ts';
export {
  attributionMap,
  type HeatImageOptions,
  type HeatMap,
  heatImage,
  overlayHeatMap,
} from './insight/heat-map.ts';
export type { FeatureMaps } from './insight/layer-outputs.ts';
export { type MaximiseOptions, maximiseActivation } from './insight/maximise-activation.ts';
export { type OcclusionMapOptions, occlusionMap } from './insight/occlusion-map.ts';
export type { PictureOptions } from './insight/picture-input.ts';
export { type BoxLossOptions, boxLoss } from './networks/box-loss.ts';
export { type CnnClassifierOptions, cnnClassifier } from './networks/cnn-classifier.ts';
export { type Head, type HeadOptions, headLayers } from './networks/head.ts';
export type { ImageInput } from './networks/image-input.ts';
export { type MlpClassifierOptions, mlpClassifier } from './networks/mlp-classifier.ts';
export { type MobilenetBlock, type MobilenetOptions, mobilenet } from './networks/mobilenet.ts';
export { type ResnetOptions, resnet } from './networks/resnet.ts';
export { imageAt, type LabelledImages } from './readers/labelled-images.ts';
export { CIFAR10_CLASSES, readCifar10 } from './readers/read-cifar10.ts';
export { type IdxArray, readIdx } from './readers/read-idx.ts';
export { readMnist } from './readers/read-mnist.ts';
export { type CheckedImages, type CheckImagesOptions, checkImages } from './samples/check-images.ts';
export type { ImageDecoder } from './samples/image-decoder.ts';
export type { Normalisation } from './samples/image-pixels.ts';
export {
  type DecodedImageSamplesOptions,
  type ImageClasses,
  type ImageSamplesOptions,
  imageSamples,
} from './samples/image-samples.ts';
export { type BoxTargets, type ImageTargets, type LabelledBox, multiHot } from './samples/image-targets.ts';
export { cutmix, type MixOptions, mixup } from './samples/mixed-samples.ts';
export {
  generateScene,
  SCENE_CLASSES,
  SCENE_KINDS,
  type Scene,
  type SceneOptions,
} from './scenes/generate-scene.ts';
export { countClasses, type ImageItem, type ImageList } from './sources/image-list.ts';
export { type ManifestOptions, readImageManifest } from './sources/read-image-manifest.ts';
export { type ImageSplit, type SplitImagesOptions, splitImages } from './sources/split-images.ts';
export {
  type AssignedWeights,
  type AssignWeightsOptions,
  assignWeights,
} from './transfer/assign-weights.ts';
export { readKerasWeights } from './transfer/read-keras-weights.ts';
export { readTfjsWeights } from './transfer/read-tfjs-weights.ts';
export { type ReplaceHeadOptions, replaceHead } from './transfer/replace-head.ts';
export type { WeightLayout } from './transfer/weight-layouts.ts';
export { type Affine, type AffineSettings, affineMatrix, warp, warpBox } from './transforms/affine.ts';
export { type ColourSettings, recolour } from './transforms/colour.ts';
export { type CropWindow, crop } from './transforms/crop.ts';
export { resize } from './transforms/resize.ts';
export type { TransformConfig } from './transforms/transform-config.ts';
export { type BoxedImage, transform, transformBoxed } from './transforms/transforms.ts';
export type { VisionLoss } from './vision-loss.ts';
