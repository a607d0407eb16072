// Blocks of auxiliary data, such as differential code biases: kept as text, not understood.

import type { IonexAux } from './ionex-file.ts';
import { STARTS } from './labels.ts';
import { lineText, nextLine, stepBack } from './lines.ts';
import { deviation, failure, quote, type Reader } from './reader.ts';

/** An auxiliary block up to its end, as text. */
export function readAux(reader: Reader, name: string): IonexAux {
  const { lines } = reader;
  const started = lines.number;
  const kept: string[] = [];
  while (nextLine(lines)) {
    const text = lineText(lines).trimEnd();
    const label = text.slice(60).trim().toUpperCase();
    if (label === 'END OF AUX DATA') return { name, lines: kept };
    if (label === 'END OF HEADER' || STARTS.has(label)) {
      deviation(reader, `the auxiliary block ${quote(name)} must end with END OF AUX DATA`, started);
      stepBack(lines);
      return { name, lines: kept };
    }
    kept.push(text);
  }
  throw failure(
    reader,
    `the file ends within the auxiliary block ${quote(name)} of line ${started}. Was the download cut off?`,
  );
}
