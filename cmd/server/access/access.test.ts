import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { MetricsRegistry } from "../../../base/metrics.ts";
import { CapturingLogger } from "../../../base/mod.ts";
import { CommandError } from "../../command-error.ts";
import type { AccessFlags } from "../../commands/access-options.ts";
import { accessOfFlags } from "./access.ts";

describe("who is who, and who may, by flags", () => {
  const directory = mkdtempSync(join(tmpdir(), "k8ts-access-"));
  after(() => rmSync(directory, { recursive: true }));
  const logger = new CapturingLogger();
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const access = (flags: Partial<AccessFlags>) =>
    accessOfFlags({ authorizationMode: "Node,RBAC", oidcRequiredClaim: [], ...flags } as AccessFlags, {
      ...{
        issuers: ["https://own"],
        audiences: ["https://own"],
        logger,
        metrics: new MetricsRegistry(),
        serverId: "test",
      },
      signal: new AbortController().signal,
    });
  const refused = (message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, message);
    return true;
  };
  const config = (more: string): string =>
    file("auth.yaml", `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n${more}`);

  test("strangers are anonymous unless a flag or a file says otherwise, and never where everybody may everything", async () => {
    assert.equal((await access({})).options.anonymous, true);
    assert.equal((await access({ anonymousAuth: "false" })).options.anonymous, false);
    assert.equal((await access({ authorizationMode: "AlwaysAllow" })).options.anonymous, false);
    assert.match(JSON.stringify(logger.records), /everybody would be allowed everything/);
    const limited = config("anonymous: {enabled: true, conditions: [{path: /livez}]}");
    assert.deepEqual((await access({ authenticationConfig: limited })).options.anonymous, ["/livez"]);
    await assert.rejects(
      access({ authenticationConfig: limited, anonymousAuth: "true" }),
      refused(
        /anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file/,
      ),
    );
    const silent = config("jwt: []");
    assert.equal((await access({ authenticationConfig: silent, anonymousAuth: "false" })).options.anonymous, false);
  });

  test("the mode ABAC and its file belong together", async () => {
    const policies = file("policies", '{"user":"jane"}\n');
    const { options } = await access({ authorizationMode: "ABAC", authorizationPolicyFile: policies });
    assert.equal((options.authorizationModes[0] as { name: string }).name, "ABAC");
    await assert.rejects(access({ authorizationMode: "ABAC" }), refused(/ABAC needs --authorization-policy-file/));
    await assert.rejects(
      access({ authorizationPolicyFile: policies }),
      refused(/--authorization-policy-file is for the mode ABAC/),
    );
    await assert.rejects(
      access({ authorizationMode: "ABAC", authorizationPolicyFile: file("bad", "\n{") }),
      refused(/error reading policy file .*bad, line 2: \{: /),
    );
  });
});
