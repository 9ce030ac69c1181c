import assert from "node:assert/strict";
import { expect, type Seen, seen } from "./conformance.ts";
import { eventually } from "./eventually.ts";
import type { HttpClient } from "./http.ts";

export const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

export interface VersionOfTest {
  readonly name: string;
  readonly served?: boolean;
  readonly storage?: boolean;
  readonly schema?: object;
  readonly [more: string]: unknown;
}

/** A definition named `PLURAL.example.com`, of kind `KIND`; each version's schema is that of `spec` and `status`. */
export function definitionOf(kind: string, versions: readonly VersionOfTest[], more: object = {}): object {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural, kind },
      ...more,
      versions: versions.map(({ schema = {}, ...version }, i) => ({
        served: true,
        storage: i === 0,
        ...version,
        schema: { openAPIV3Schema: { type: "object", ...schema } },
      })),
    },
  };
}

/** Makes the definition and waits until its objects are served; resolves with the path of their collection. */
export async function establish(client: HttpClient, definition: object): Promise<string> {
  const { spec, metadata } = definition as { spec: Record<string, never>; metadata: { name: string } };
  await expect(client, { method: "POST", path: definitionsPath, body: definition }, 201);
  await condition(client, metadata.name, "Established", "True");
  const [version] = spec["versions"] as unknown as readonly VersionOfTest[];
  const { plural } = spec["names"] as unknown as { plural: string };
  const scope = (spec["scope"] as unknown) === "Cluster" ? "" : "/namespaces/default";
  return `/apis/${spec["group"] as unknown as string}/${version!.name}${scope}/${plural}`;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Waits until the definition's condition has that status. */
export async function condition(client: HttpClient, name: string, type: string, status: string): Promise<Condition> {
  return eventually(async () => {
    const object = seen(await expect(client, { path: `${definitionsPath}/${name}` }, 200));
    const found = conditionsOf(object).find((one) => one.type === type);
    assert.equal(found?.status, status, `${name} is not ${type}=${status}`);
    return found!;
  });
}

/** Deletes a definition and waits until it is gone with all its objects. */
export async function withdraw(client: HttpClient, name: string): Promise<void> {
  await expect(client, { method: "DELETE", path: `${definitionsPath}/${name}` }, 200);
  await eventually(() => expect(client, { path: `${definitionsPath}/${name}` }, 404));
}

function conditionsOf({ status }: Seen): readonly Condition[] {
  return (status?.["conditions"] ?? []) as readonly Condition[];
}
