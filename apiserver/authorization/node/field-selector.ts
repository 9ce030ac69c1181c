import { parseFieldSelector } from "../../../apimachinery/selectors/field-selector.ts";

/** Whether a field selector demands that `field` be `value`. Text that is no selector demands nothing. */
export function selectsField(selector: string | undefined, field: string, value: string): boolean {
  if (!selector) return false;
  try {
    return parseFieldSelector(selector).exactMatch(field) === value;
  } catch {
    return false;
  }
}
