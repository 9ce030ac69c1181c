/** What differs from run to run, and the word that stands for it. */
export interface Names {
  readonly url: string;
  readonly folder: string;
}

const patterns: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME"],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC/g, "TIME"],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-NAME"],
  [/\t\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}/g, "\tTIME"],
  [/\/tmp\/(LIVE|MERGED)-\d+/g, "$1"],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, "DATE"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "UID"],
  [/(resourceVersion"?: ?)"\d+"/g, '$1"RV"'],
  [/(Resource Version: +)\d+/g, "$1RV"],
];

/** Ages of objects that this run made, and the white space that fills their column. */
const age = /(?<=\s|^)(\d{1,3}s|\d+m\d+s)( *)(?=\s|$)/gm;

export function normalize(text: string, { url, folder }: Names): string {
  let result = text
    .replaceAll(url, "https://SERVER")
    .replaceAll(url.replace("https://", ""), "SERVER")
    .replaceAll(folder, "FOLDER");
  for (const [pattern, word] of patterns) {
    result = result.replace(pattern, word);
  }
  result = result.replace(age, (_, value: string, fill: string) => "AGE".padEnd(value.length + fill.length));
  return withNarrowAges(result);
}

/** On a slow machine ages are wider than the name of their column; here it is never wider than on a quick one. */
function withNarrowAges(text: string): string {
  let from = 0;
  let to = 0;
  return text
    .split("\n")
    .map((line) => {
      const wide = /(?<=\s)AGE {4,}(?=[A-Z])/.exec(line);
      if (wide !== null) {
        from = wide.index + "AGE   ".length;
        to = wide.index + wide[0].length;
      } else if (line === "") {
        to = from;
      }
      return line.slice(0, from) + line.slice(to);
    })
    .join("\n");
}
