/**
 * Replaces `$(NAME)` by its value; what has none stays as it is, and `$$` is a dollar
 * (third_party/forked/golang/expansion).
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  if (!text.includes("$")) return text;
  let result = "";
  let index = 0;
  while (index < text.length) {
    const dollar = text.indexOf("$", index);
    if (dollar < 0 || dollar === text.length - 1) return result + text.slice(index);
    result += text.slice(index, dollar);
    const next = text[dollar + 1];
    const end = next === "(" ? text.indexOf(")", dollar + 2) : -1;
    if (next === "$") {
      result += "$";
      index = dollar + 2;
    } else if (end >= 0) {
      const name = text.slice(dollar + 2, end);
      result += lookUp(name) ?? `$(${name})`;
      index = end + 1;
    } else {
      const [rune = ""] = text.slice(dollar + 1);
      result += `$${rune}`;
      index = dollar + 1 + rune.length;
    }
  }
  return result;
}
