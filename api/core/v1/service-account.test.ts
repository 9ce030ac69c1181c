import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, prepared } from "../../test-support.ts";
import { ServiceAccount } from "./service-account.ts";

test("of references to secrets only the names are kept", () => {
  const account = prepared(ServiceAccount, { secrets: [{ name: "a", namespace: "x", uid: "1" }, { kind: "Secret" }] });
  assert.deepEqual(account.secrets, [{ name: "a" }, {}]);
});

test("the annotation about mountable secrets warns when it is new, and only then", () => {
  const key = "kubernetes.io/enforce-mountable-secrets";
  const account = decoded(ServiceAccount, { metadata: { annotations: { [key]: "true" } } });
  assert.deepEqual(
    [...(ServiceAccount.warnings?.(account, undefined) ?? [])],
    [
      `metadata.annotations[${key}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
    ],
  );
  assert.deepEqual([...(ServiceAccount.warnings?.(account, account) ?? [])], []);
});
