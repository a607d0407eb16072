// The page under test: decodes what it is given, and hands back the pixels or the reason why there are none.

import { decodeImage, readImage } from '../../../src/browser.ts';
import type { DecodeOptions } from '../../../src/index.ts';

/** What became of a picture. */
export interface PageOutcome {
  height?: number;
  width?: number;
  channels?: number;
  /** Values, as base64. */
  data?: string;
  error?: { name: string; message: string };
}

async function outcomeOf(picture: Promise<Awaited<ReturnType<typeof decodeImage>>>): Promise<PageOutcome> {
  try {
    const { height, width, channels, data } = await picture;
    let text = '';
    const bytes = Uint8Array.from(data);
    for (let from = 0; from < bytes.length; from += 32_768) {
      text += String.fromCharCode(...bytes.subarray(from, from + 32_768));
    }
    return { height, width, channels, data: btoa(text) };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: { name, message } };
  }
}

const page = {
  decode(base64: string, options: DecodeOptions & { blob?: boolean }): Promise<PageOutcome> {
    const { blob, ...rest } = options;
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return outcomeOf(decodeImage(blob ? new Blob([bytes]) : bytes, rest));
  },
  read: (url: string, maxBytes?: number) => outcomeOf(readImage(url, { maxBytes })),
};

/** What the page offers. */
export type DecodingPage = typeof page;

Object.assign(globalThis, { page });
