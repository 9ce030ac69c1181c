import { expect } from "../../support/conformance.ts";
import type { HttpClient } from "../../support/http.ts";
import { makeNamespace } from "../../support/namespace.ts";
import { core } from "./core/all.ts";
import { extensions, prepareExtensions } from "./extensions/all.ts";
import { others } from "./others/all.ts";
import { podsContainers } from "./pods-containers/all.ts";
import { podsVolumes } from "./pods-volumes/all.ts";
import { boundPod, gatedPod, unboundPod } from "./pods-volumes/binding.ts";
import type { Area } from "./rule.ts";
import { volumeKinds } from "./volumes/all.ts";
import { growing } from "./volumes/claim.ts";
import { storageClass } from "./volumes/storage-class.ts";
import { workloads } from "./workloads/all.ts";
import { controllers } from "./workloads/controllers.ts";

export const areas: readonly Area[] = [
  podsContainers,
  podsVolumes,
  core,
  extensions,
  controllers,
  workloads,
  volumeKinds,
  others,
];

/** What objects of the rules need around them. */
export async function prepare(client: HttpClient): Promise<void> {
  const account = { metadata: { name: "default" } };
  const path = "/api/v1/namespaces/default/serviceaccounts";
  await expect(client, { method: "POST", path, body: account }, 201);
  await makeNamespace(client, "rules");
  await prepareExtensions(client);
  for (const body of [unboundPod, boundPod, gatedPod]) {
    await expect(client, { method: "POST", path: "/api/v1/namespaces/default/pods", body }, 201);
  }
  await expect(client, { method: "POST", path: storageClass.path, body: growing }, 201);
}
