/**
 * Freezes a JSON value at every depth and returns it. A frozen object is taken to be frozen below as well: all that freezes
 * API objects is this function, so a copy that shares most of its parts with the original costs only what is new.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object") deepFreeze(item);
  } else {
    for (const key in value) {
      const child = value[key];
      if (typeof child === "object") deepFreeze(child);
    }
  }
  return Object.freeze(value);
}
