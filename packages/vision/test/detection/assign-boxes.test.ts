import { createRandom } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { assignBoxes, LEFT_OUT, NOTHING, sampleAssigned } from '../../src/detection/assign-boxes.ts';
import type { Box } from '../../src/index.ts';

const anchorRule = { something: 0.7, nothing: 0.3, everyBox: true, ignored: [] };

describe('assignBoxes', () => {
  it('by overlap: from 0.7 something, below 0.3 nothing, in between left out', () => {
    const boxes: Box[] = [[0, 0, 10, 10]];
    // Overlaps 1, 0.8, 0.5, 0.2 and 0.
    const candidates: Box[] = [
      [0, 0, 10, 10],
      [0, 0, 10, 8],
      [0, 0, 10, 5],
      [0, 0, 10, 2],
      [20, 20, 30, 30],
    ];
    expect(Array.from(assignBoxes(candidates, boxes, anchorRule))).toEqual([
      0,
      0,
      LEFT_OUT,
      NOTHING,
      NOTHING,
    ]);
  });

  it('every box has those that overlap it most, but not one it does not touch', () => {
    const candidates: Box[] = [
      [0, 0, 10, 10],
      [50, 50, 60, 60],
    ];
    const boxes: Box[] = [
      [0, 0, 3, 3],
      [100, 100, 110, 110],
    ];
    expect(Array.from(assignBoxes(candidates, boxes, anchorRule))).toEqual([0, NOTHING]);
    const without = assignBoxes(candidates, boxes, { ...anchorRule, everyBox: false });
    expect(Array.from(without)).toEqual([NOTHING, NOTHING]);
  });

  it('of two boxes the one that overlaps more', () => {
    const boxes: Box[] = [
      [0, 0, 10, 10],
      [1, 0, 11, 10],
    ];
    const assigned = assignBoxes([[1, 0, 10, 10]], boxes, { ...anchorRule, everyBox: false });
    expect(Array.from(assigned)).toEqual([0]);
    expect(Array.from(assignBoxes([[1.5, 0, 11, 10]], boxes, anchorRule))).toEqual([1]);
  });

  it('what lies in an ignored box by half is left out, unless it belongs to another', () => {
    const rule = { ...anchorRule, ignored: [[20, 0, 40, 20]] as Box[] };
    const candidates: Box[] = [
      [22, 2, 32, 12],
      [36, 0, 46, 10],
      [60, 0, 70, 10],
    ];
    expect(Array.from(assignBoxes(candidates, [], rule))).toEqual([LEFT_OUT, NOTHING, NOTHING]);
    expect(Array.from(assignBoxes(candidates, [[22, 2, 32, 12]], rule))).toEqual([0, NOTHING, NOTHING]);
  });
});

describe('sampleAssigned', () => {
  it('takes half something where there is enough, fills up with nothing, and never what is left out', () => {
    const assigned = Int32Array.from({ length: 100 }, (_, i) => (i < 3 ? 0 : i < 40 ? LEFT_OUT : NOTHING));
    const few = sampleAssigned(assigned, 20, createRandom(1));
    expect(few.filter((i) => assigned[i] === 0).sort()).toEqual([0, 1, 2]);
    expect(few).toHaveLength(20);
    expect(few.some((i) => assigned[i] === LEFT_OUT)).toBe(false);
    expect(new Set(few).size).toBe(20);
    const many = sampleAssigned(assigned, 4, createRandom(1));
    expect(many.filter((i) => assigned[i] === 0)).toHaveLength(2);
    expect(sampleAssigned(assigned, 20, createRandom(2))).not.toEqual(few);
    expect(sampleAssigned(assigned, 20, createRandom(1))).toEqual(few);
  });
});
