import assert from "node:assert/strict";
import { test } from "node:test";
import { supportsProgressRequests } from "./progress.ts";

test("progress is asked for only of servers whose answer can be trusted", () => {
  const trusted = ["3.4.31", "3.4.40", "3.5.13", "3.5.21", "3.6.0", "3.10.1", "4.0.0", "3.6.0-rc.1"];
  const refused = ["3.4.23", "3.4.30", "3.5.0", "3.5.12", "3.3.99", "2.3.8", "", "nonsense"];
  for (const version of trusted) assert.equal(supportsProgressRequests(version), true, version);
  for (const version of refused) assert.equal(supportsProgressRequests(version), false, version);
});
