// What vision needs from Node: files, and their decoding by sharp.

export { decodeImage } from './node/decode-image.ts';
