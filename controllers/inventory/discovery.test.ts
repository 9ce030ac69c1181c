import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Client } from "../../client/mod.ts";
import { discover, discoveryFailureText } from "./discovery.ts";

const resource = (name: string, kind: string) => ({ name, kind, namespaced: true, verbs: ["list", "delete"] });

function clientOf(answers: Readonly<Record<string, unknown>>): Client {
  const get = async (path: string): Promise<unknown> => {
    const answer = answers[path];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { get } as Client;
}

const answers = {
  "/apis": {
    groups: [
      {
        name: "example.com",
        versions: [{ version: "v1beta1" }, { version: "v1" }],
        preferredVersion: { version: "v1" },
      },
      { name: "broken.io", versions: [{ version: "v1" }], preferredVersion: { version: "v1" } },
    ],
  },
  "/api/v1": { resources: [resource("pods", "Pod"), resource("pods/status", "Pod")] },
  "/apis/example.com/v1": { resources: [resource("things", "Thing")] },
  "/apis/example.com/v1beta1": { resources: [resource("things", "Thing"), resource("olds", "Old")] },
  "/apis/broken.io/v1": ApiError.serviceUnavailable("nobody there"),
};

test("each resource is found once, preferred where there is a choice; each kind in all its versions", async () => {
  const found = await discover(clientOf(answers), new AbortController().signal);
  const names = found.preferred.map(({ group, version, plural }) => `${group}/${version}/${plural}`);
  assert.deepEqual(names, ["/v1/pods", "example.com/v1/things", "example.com/v1beta1/olds"]);
  assert.deepEqual([...found.kinds.keys()].sort(), [
    "example.com/v1/Thing",
    "example.com/v1beta1/Old",
    "example.com/v1beta1/Thing",
    "v1/Pod",
  ]);
});

test("a group that does not answer is left out, and named in upstream's words", async () => {
  const { failures } = await discover(clientOf(answers), new AbortController().signal);
  assert.equal(
    discoveryFailureText(failures),
    "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: broken.io/v1: nobody there",
  );
});

test("a server that does not even tell its groups is a failure", async () => {
  await assert.rejects(
    discover(clientOf({ "/apis": ApiError.serviceUnavailable("down") }), new AbortController().signal),
  );
});
