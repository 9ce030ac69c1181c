/** Labels as tables show them: `app=web,tier=front` by key, or `<none>` (apimachinery/pkg/labels FormatLabels). */
export function formatLabels(labels: Readonly<Record<string, string>> | null | undefined): string {
  const text = Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  return text === "" ? "<none>" : text;
}
