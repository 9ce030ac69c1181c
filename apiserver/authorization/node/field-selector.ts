/**
 * Whether a field selector (`a=b,c!=d`, with `\` before special characters) demands that `field` be `value`. Text that is no
 * selector demands nothing.
 */
export function selectsField(selector: string | undefined, field: string, value: string): boolean {
  if (!selector) return false;
  return terms(selector).some((term) => {
    const match = /^([^=!\\]+)(==|=|!=)((?:[^\\=,]|\\[\\=,])*)$/.exec(term);
    return (
      match !== null &&
      match[2] !== "!=" &&
      match[1]!.trim() === field &&
      match[3]!.replace(/\\([\\=,])/g, "$1") === value
    );
  });
}

function terms(selector: string): string[] {
  const found: string[] = [];
  let term = "";
  for (let i = 0; i < selector.length; i++) {
    if (selector[i] === "\\") term += selector[i] + (selector[++i] ?? "");
    else if (selector[i] === ",") {
      found.push(term);
      term = "";
    } else term += selector[i];
  }
  return [...found, term];
}
