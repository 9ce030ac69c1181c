import assert from "node:assert/strict";
import { test } from "node:test";
import { flagTexts } from "./flag-texts.ts";

test("flags have the names that they are given by", () => {
  assert.deepEqual(flagTexts({ dataDir: "/d", apiPort: 6443, oidcRequiredClaim: ["a=1", "b=2"] }), {
    "data-dir": "/d",
    "api-port": "6443",
    "oidc-required-claim": "a=1,b=2",
  });
});
