import type { Image } from '../image/image.ts';
import { areaOf, type Box } from './box.ts';

/** A picture and what is on it. */
export interface AnnotatedImage {
  image: Image;
  boxes: readonly Box[];
  /** The class of each box. */
  labels: readonly string[];
  /** True for boxes that are not asked for: too little of the thing is to be seen, or it is a crowd. Absent: none. */
  ignore?: readonly boolean[];
}

/** @throws where boxes, labels and `ignore` do not fit each other or the `classes`. */
export function checkAnnotated(images: readonly AnnotatedImage[], classes: readonly string[]): void {
  const known = new Set(classes);
  images.forEach(({ boxes, labels, ignore }, index) => {
    if (boxes.length !== labels.length || (ignore && ignore.length !== boxes.length)) {
      throw new Error(
        `detection: picture ${index} must have a label (and ignore, where given) for each box, got ${labels.length} ` +
          `labels for ${boxes.length} boxes.`,
      );
    }
    const label = labels.find((each) => !known.has(each));
    if (label !== undefined) {
      throw new Error(
        `detection: labels must be among ${classes.join(', ')}, got '${label}' in picture ${index}. Create the detector ` +
          'with all classes.',
      );
    }
    const flat = boxes.find((box) => !(areaOf(box) > 0 && areaOf(box) < Number.POSITIVE_INFINITY));
    if (flat) {
      throw new Error(`detection: boxes must have an area, got [${flat.join(', ')}] in picture ${index}.`);
    }
  });
}
