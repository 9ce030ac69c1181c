/** The text exposition format 0.0.4 of Prometheus (prometheus/common expfmt). */
export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

export function escapeHelp(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
}

function escapeLabelValue(text: string): string {
  return /[\\\n"]/.test(text) ? text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"') : text;
}

/** `{a="1",b="2"}`, in the order of names; "" for none. */
export function formatLabels(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  const pairs = names.map((name, i) => `${name}="${escapeLabelValue(values[i] ?? "")}"`);
  return `{${pairs.sort().join(",")}}`;
}

/** As Go's strconv 'g' with the shortest precision writes it: 1e+06, 0.005, +Inf. Bucket labels are compared as text. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-4 && magnitude < 1e6) return String(value);
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  const size = exponent.slice(1).padStart(2, "0");
  return `${digits}e${exponent[0]}${size}`;
}
