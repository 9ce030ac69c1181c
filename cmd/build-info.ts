declare const __K8TS_COMMIT__: string | undefined;

/** What this build is. The commit is put in by the bundler; from source there is none. */
export const buildInfo: { readonly version: string; readonly commit: string; readonly date: string } = {
  version: "0.1.0",
  commit: typeof __K8TS_COMMIT__ === "string" ? __K8TS_COMMIT__ : "unknown",
  date: "1970-01-01T00:00:00Z",
};
