// The few facts about Node that the rest of this folder needs, without an import a browser's bundler would follow.

/** The running Node's process object; undefined in a browser. */
export function nodeProcess(): NodeJS.Process | undefined {
  const { process } = globalThis as { process?: NodeJS.Process };
  return process?.versions?.node ? process : undefined;
}
