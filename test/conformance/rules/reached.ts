import { registerHooks } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const makers = new URL("../../../apimachinery/field/errors.ts", import.meta.url).href;
const reached = new Set<string>();

/**
 * From now on every field error of modules that are loaded later tells which calls led to it. What is told are places in the
 * source: types are stripped without moving anything.
 */
export function recordReached(): ReadonlySet<string> {
  Object.assign(globalThis, { fieldErrorMade: record });
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== makers) return loaded;
      const source = String(loaded.source).replace("): FieldError {", "): FieldError { globalThis.fieldErrorMade();");
      return { ...loaded, source };
    },
  });
  return reached;
}

function record(): void {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = 100;
  Error.prepareStackTrace = (_, frames) => frames;
  const frames = new Error().stack as unknown as readonly NodeJS.CallSite[];
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  for (const frame of frames) {
    const file = frame.getFileName();
    if (!file?.startsWith("file:")) continue;
    reached.add(`${relative(root, fileURLToPath(file))}:${frame.getLineNumber()}:${frame.getColumnNumber()}`);
  }
}
