import fc from "fast-check";

/** Loaded before every test: K8TS_SEED replays the property tests of a run, and CI runs from one, so that red means changed code. */
const seed = process.env["K8TS_SEED"];
if (seed !== undefined) {
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
}
