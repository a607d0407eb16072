// Pictures inside a page: as PNG in the page's own text, so that nothing is loaded.

import { type Content, type Html, html } from '@tidecast/eval/report';
import { encodePng, type Image } from '@tidecast/vision';
import type { ExplainedPicture } from '../training/training-run.ts';

/** A picture in the page; `width` in pixels of the page, default its own. */
export function pictureHtml(image: Image, { alt, width }: { alt: string; width?: number }): Html {
  const source = `data:image/png;base64,${base64(encodePng(image))}`;
  const size = width ?? image.width;
  const style = `max-width:100%;image-rendering:${size > image.width ? 'pixelated' : 'auto'}`;
  return html`<img src="${source}" alt="${alt}" width="${size}" style="${style}">`;
}

/** Pictures with their heat maps side by side, and what was said about them. */
export function gallery(
  pictures: readonly ExplainedPicture[],
  classes: readonly string[],
  explainedBy: string,
): Content {
  const cards = pictures.map(({ image, heat, path, actual, predicted, probability }) => {
    const said = `${classes[predicted]} ${Math.round(100 * probability)} %`;
    const text = actual === predicted ? said : `${said}, but it is ${classes[actual]}`;
    return html`<figure style="margin:0 1.2em 1.2em 0">${[
      pictureHtml(image, { alt: nameOf(path), width: 96 }),
      pictureHtml(heat, { alt: `${explainedBy} for ${classes[predicted]!}`, width: 96 }),
    ]}<figcaption>${text}<br><small>${nameOf(path)}</small></figcaption></figure>`;
  });
  return html`<div style="display:flex;flex-wrap:wrap">${cards}</div>
<p>Right of each picture: where the network saw the class it named (${explainedBy}).</p>`;
}

/** The last two parts of a path: folder and file. */
function nameOf(path: string): string {
  return path.split(/[\\/]/).slice(-2).join('/');
}

function base64(bytes: Uint8Array): string {
  let text = '';
  // In pieces: a call takes only so many arguments.
  for (let from = 0; from < bytes.length; from += 8192) {
    text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  }
  return btoa(text);
}
