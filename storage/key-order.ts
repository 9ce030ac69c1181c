/**
 * Keys are ordered by their UTF-8 bytes; JavaScript compares UTF-16 units. The two differ only where surrogates (which stand
 * for U+10000 and above) meet U+E000 to U+FFFF. `sortKey` moves the former above the latter, so that `<` on sort keys is the
 * order of the bytes. Keys of Kubernetes never need it, and are then their own sort keys.
 */
export function sortKey(key: string): string {
  if (!needsTranslation.test(key)) return key;
  let result = "";
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    if (unit < 0xd800) result += key[i];
    else if (unit < 0xe000) result += String.fromCharCode(unit + 0x2000);
    else result += String.fromCharCode(unit - 0x800);
  }
  return result;
}

const needsTranslation = /[\ud800-\uffff]/;
