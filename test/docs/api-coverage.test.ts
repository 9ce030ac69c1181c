import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { builtInResources as published } from "../../api/generated/resources.ts";
import { builtInResources } from "../../api/mod.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import { pluginOrder } from "../../apiserver/admission/chain.ts";
import { startCluster } from "../../cluster/mod.ts";
import { root, textOf } from "./markdown.ts";

const text = textOf("docs/api-coverage.md");

function section(heading: string): string {
  const [, rest = ""] = text.split(`\n## ${heading}\n`);
  return rest.split("\n## ")[0]!;
}

const nameOf = (resource: { readonly group: string; readonly version: string; readonly plural: string }): string =>
  `${apiVersionOf(resource)} ${resource.plural}`;

const rows = [...section("Served").matchAll(/^\| `([^`]+)` \| (\w+) \| [^|]+ \|([^|]*)\|$/gm)].map(
  ([, resource, kind, subresources]) => ({
    resource: resource!,
    kind: kind!,
    subresources: subresources!.match(/\w+/g) ?? [],
  }),
);

test("what is served is in the document, and nothing else", () => {
  const served = builtInResources.map((one) => ({ resource: nameOf(one), kind: one.kind }));
  const documented = rows.map(({ resource, kind }) => ({ resource, kind }));
  const byName = (a: { resource: string }, b: { resource: string }): number => (a.resource < b.resource ? -1 : 1);
  assert.deepEqual(documented.sort(byName), served.sort(byName));
});

test("what upstream has in a stable version and is not served is in the document with a reason", () => {
  const served = new Set(builtInResources.map(nameOf));
  const unserved = published.filter((one) => /^v\d+$/.test(one.version) && !served.has(nameOf(one)));
  const reasons = section("Not served");
  const missing = unserved.filter(
    (one) => !reasons.includes(`\`${nameOf(one)}\``) && !reasons.includes(`| \`${apiVersionOf(one)}\``),
  );
  assert.deepEqual(missing.map(nameOf), []);
  const wrong = [...reasons.matchAll(/`(\S+ \S+)`/g)].map(([, name]) => name!).filter((name) => served.has(name));
  assert.deepEqual(wrong, []);
});

test("subresources are those that discovery lists", async () => {
  const cluster = await startCluster();
  try {
    const transport = cluster.transport({ username: "reader", groups: ["system:masters", "system:authenticated"] });
    const listed = new Map<string, string[]>();
    for (const apiVersion of new Set(builtInResources.map(apiVersionOf))) {
      const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      const { object } = await transport.request({ method: "GET", path });
      for (const { name } of (object as { resources: { name: string }[] }).resources) {
        const [plural, subresource] = name.split("/");
        if (subresource !== undefined)
          listed.set(`${apiVersion} ${plural}`, [...(listed.get(`${apiVersion} ${plural}`) ?? []), subresource]);
      }
    }
    const documented = rows.filter(({ subresources }) => subresources.length > 0);
    const sorted = (names: readonly string[]): readonly string[] => [...names].sort();
    assert.deepEqual(
      new Map(documented.map(({ resource, subresources }) => [resource, sorted(subresources)])),
      new Map([...listed].map(([resource, subresources]) => [resource, sorted(subresources)])),
    );
  } finally {
    await cluster.close();
  }
});

test("admission plugins are in the document, in their order", () => {
  const documented = [...section("Admission").matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(
    documented,
    pluginOrder.filter((name) => name !== "RBACEscalation" && name !== "PolicyParamAccess"),
  );
});

test("controllers are in the document", () => {
  const folders = globSync("controllers/*/controller.ts", { cwd: root }).map((file) => basename(dirname(file)));
  const documented = [...section("Controllers").matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(documented, folders.filter((folder) => folder !== "runner").sort());
});
