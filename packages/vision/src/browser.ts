// What vision needs from a browser: files from the web, and their decoding by the browser itself.

export { decodeImage } from './browser/decode-image.ts';
export { type ReadImageOptions, readImage } from './browser/read-image.ts';
