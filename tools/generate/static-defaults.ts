import type { JsonValue } from "../../apimachinery/json/json.ts";

type Defaults = Readonly<Record<string, JsonValue>>;

/**
 * Constant defaults that upstream sets in code (pkg/apis/<group>/<version>/defaults.go) and that OpenAPI does not publish,
 * by definition (without `io.k8s.`) and field. Defaults that depend on anything else belong to the resource's `setDefaults`.
 */
export const staticDefaults: Readonly<Record<string, Defaults>> = {};
