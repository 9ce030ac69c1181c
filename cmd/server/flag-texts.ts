/** The flags that a command was given or has by default, by their names on the command line: `data-dir`. */
export function flagTexts(flags: object): Readonly<Record<string, string>> {
  const name = (property: string): string => property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(flags).map(([property, value]) => [name(property), String(value)]));
}
