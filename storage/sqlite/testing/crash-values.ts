/** Values that tell whether they are whole: the key and a sequence, repeated to a length that depends on them. */
export function crashValue(key: string, sequence: string): Uint8Array {
  const text = `${sequence} ${key} `;
  const length = 50 + ((text.length * 7919) % 97) * 60;
  return new TextEncoder().encode(text.repeat(Math.ceil(length / text.length)));
}

export function sequenceOf(value: Uint8Array): string {
  const text = new TextDecoder().decode(value);
  return text.slice(0, text.indexOf(" "));
}

export function isWhole(key: string, value: Uint8Array): boolean {
  return Buffer.compare(crashValue(key, sequenceOf(value)), value) === 0;
}
