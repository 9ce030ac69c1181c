/** What to type for this program, as the launcher was called: `k8ts` where it is on the PATH, else `./k8ts` or another path. */
export const programName = process.env["K8TS_PROGRAM"] || "k8ts";
