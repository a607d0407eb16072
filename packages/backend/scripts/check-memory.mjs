// The kernels run inside the memory of TensorFlow.js, where a byte of their own would overwrite its data.

const FORBIDDEN = { 5: 'a memory section', 11: 'a data section', 12: 'a data count section' };

/** @throws if a WebAssembly binary brings memory or data of its own. `name` is for the message. */
export function checkMemory(name, binary) {
  for (const id of sectionIds(binary)) {
    if (id in FORBIDDEN) {
      throw new Error(
        `build-kernels: the ${name} build must import all its memory and hold no data, got ${FORBIDDEN[id]}. ` +
          'Did a kernel use Mathf, StaticArray, a string or a table of constants?',
      );
    }
  }
}

/** The ids of the sections of a WebAssembly binary, after the eight bytes of its header. */
function* sectionIds(binary) {
  let at = 8;
  while (at < binary.length) {
    yield binary[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++];
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
}
