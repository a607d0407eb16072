// What vision needs from Node: files, and their decoding by sharp.

export { decodeImage } from './node/decode-image.ts';
export { listPictures } from './node/list-pictures.ts';
export { type ReadImageOptions, readImage } from './node/read-image.ts';
export { readImageFolder } from './node/read-image-folder.ts';
export { type MnistParts, readMnistFolder } from './node/read-mnist-folder.ts';
