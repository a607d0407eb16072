import { describe, expect, it } from 'vitest';
import { createImage, drawDetections } from '../../src/index.ts';

const black = createImage({ height: 20, width: 60, channels: 1, data: new Uint8Array(1200) });

/** What stands in the picture: `.` black, `#` another colour. */
function shown({ height, width, data }: ReturnType<typeof drawDetections>, left: number): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width - left }, (_, x) => {
      const at = (y * width + left + x) * 3;
      return data[at]! + data[at + 1]! + data[at + 2]! === 0 ? '.' : '#';
    }).join(''),
  );
}

describe('drawDetections', () => {
  it('draws the frame inside the box, in RGB, and leaves the picture as it was', () => {
    const drawn = drawDetections(black, [{ label: 'boat', box: [50, 4, 55, 8] }], { names: false });
    expect(drawn).toMatchObject({ height: 20, width: 60, channels: 3 });
    const rows = shown(drawn, 49);
    expect(rows.slice(3, 9)).toEqual([
      '...........',
      '.#####.....',
      '.#...#.....',
      '.#...#.....',
      '.#####.....',
      '...........',
    ]);
    expect(black.data.every((value) => value === 0)).toBe(true);
  });

  it('writes the name in a bar over the box', () => {
    const drawn = drawDetections(black, [{ label: 'L', box: [2, 12, 30, 18] }]);
    const letter = shown(drawn, 0)
      .slice(4, 11)
      .map((row) => row.slice(3, 8));
    // Black on the colour of the class.
    expect(letter).toEqual(['.####', '.####', '.####', '.####', '.####', '.####', '.....']);
  });

  it('zooms, and keeps the colour of a class on every picture', () => {
    const classes = ['boat', 'bird'];
    const colour = (label: string, options: object) => {
      const drawn = drawDetections(black, [{ label, box: [10, 10, 15, 15], score: 0.5 }], {
        names: false,
        ...options,
      });
      const at = (drawn.width / 6 + (drawn.width * drawn.height) / 2) * 3;
      return Array.from(drawn.data.slice(at, at + 3));
    };
    expect(colour('bird', { classes })).not.toEqual(colour('boat', { classes }));
    expect(colour('bird', { classes, zoom: 4 })).toEqual(colour('bird', { classes }));
    expect(() => drawDetections(black, [], { zoom: 0 })).toThrow(
      'zoom must be a whole number from 1 to 32, got 0',
    );
  });

  it('a box that reaches out of the picture is cut', () => {
    expect(() => drawDetections(black, [{ label: 'a', box: [-20, -30, 90, 40], score: 1 }])).not.toThrow();
  });
});
