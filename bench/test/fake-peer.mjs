// A peer for tests of the conversation: answers, refuses, ends or hangs as its requests say.

import { createInterface } from 'node:readline';

const mode = process.argv[2];
if (mode === 'broken') {
  console.error('first line\nModuleNotFoundError: no module named torch');
  process.exit(1);
}
console.log('a library says hello');
console.log(JSON.stringify({ ready: 'fake', version: '1' }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.cell === 'rnn') console.log(JSON.stringify({ error: 'no rnn here' }));
  else if (request.cell === 'gru') process.exit(3);
  else if (request.cell === 'cnn1d') await new Promise(() => setInterval(() => {}, 1000));
  else console.log(JSON.stringify({ steps: request.units, ms: request.units / 10, busy: 1, rss: 1 }));
}
