export { type AnchorOptions, createAnchors } from './detection/anchors.ts';
export { areaOf, type Box, clipBox, intersectionOf, iou } from './detection/box.ts';
export { type BoxCode, decodeBox, encodeBox } from './detection/box-code.ts';
export {
  type Detection,
  type GroundTruth,
  type MeanAveragePrecision,
  meanAveragePrecision,
} from './detection/mean-average-precision.ts';
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
export { type CnnClassifierOptions, cnnClassifier } from './networks/cnn-classifier.ts';
export { type Head, type HeadOptions, headLayers } from './networks/head.ts';
export type { ImageInput } from './networks/image-input.ts';
export { type MlpClassifierOptions, mlpClassifier } from './networks/mlp-classifier.ts';
export { imageAt, type LabelledImages } from './readers/labelled-images.ts';
export { CIFAR10_CLASSES, readCifar10 } from './readers/read-cifar10.ts';
export { type IdxArray, readIdx } from './readers/read-idx.ts';
export { readMnist } from './readers/read-mnist.ts';
export { countClasses, type ImageItem, type ImageList } from './sources/image-list.ts';
export { type ManifestOptions, readImageManifest } from './sources/read-image-manifest.ts';
export { type ImageSplit, type SplitImagesOptions, splitImages } from './sources/split-images.ts';
export { type Affine, type AffineSettings, affineMatrix, warp, warpBox } from './transforms/affine.ts';
export { type ColourSettings, recolour } from './transforms/colour.ts';
export { type CropWindow, crop } from './transforms/crop.ts';
export { resize } from './transforms/resize.ts';
export { type BoxedImage, type TransformConfig, transform, transformBoxed } from './transforms/transforms.ts';
