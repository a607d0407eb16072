// Where the page's pictures come from: a folder that somebody chose, or the generator.

import type { ImageDecoder, ImageList } from '@tidecast/vision';
import { decodeImage } from '@tidecast/vision/browser';
import { samplePictures } from '../src/sample/sample-pictures.ts';

/** Pictures, and how to get at each. */
export interface PagePictures {
  list: ImageList;
  decode: ImageDecoder;
  synthetic: boolean;
}

const PICTURE = /\.(png|jpe?g|webp)$/i;

/** The pictures of a folder with a folder for each class. @throws if there are none. */
export function chosenPictures(files: readonly File[]): PagePictures {
  const byPath = new Map<string, File>();
  for (const file of files) {
    const path = file.webkitRelativePath;
    if (PICTURE.test(path) && !path.split('/').some((part) => part.startsWith('.'))) byPath.set(path, file);
  }
  // <folder>/<class>/…/<file>
  const classOf = (path: string) => path.split('/')[1]!;
  const paths = [...byPath.keys()].filter((path) => path.split('/').length > 2).sort();
  if (paths.length === 0) {
    throw new Error(
      'expected a folder with a folder of .png, .jpg or .webp files for each class, found none.',
    );
  }
  const classes = [...new Set(paths.map(classOf))].sort();
  return {
    list: { items: paths.map((path) => ({ path, label: classes.indexOf(classOf(path)) })), classes },
    decode: (path, options) => decodeImage(byPath.get(path)!, { ...options, file: path }),
    synthetic: false,
  };
}

/** Pictures that the generator draws. */
export function drawnPictures(options: { perClass: number; seed: number }): PagePictures {
  const pictures = [...samplePictures(options)];
  const images = new Map(pictures.map(({ path, image }) => [path, image]));
  const classes = [...new Set(pictures.map(({ className }) => className))].sort();
  return {
    list: {
      items: pictures.map(({ path, className }) => ({ path, label: classes.indexOf(className) })),
      classes,
    },
    decode: (path) => images.get(path)!,
    synthetic: true,
  };
}
