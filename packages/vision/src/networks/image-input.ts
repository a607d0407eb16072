/** Shape of one picture, `[height, width, channels]`. */
export type ImageInput = readonly [height: number, width: number, channels: number];
