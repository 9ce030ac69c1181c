import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import type { Upstream } from "../../support/upstream.ts";
import { setAllReady, template } from "./pods.ts";

const labels = { name: "test" };
export const revisionKey = "deployment.kubernetes.io/revision";

export interface Place {
  readonly deployments: TypedResource;
  readonly sets: TypedResource;
  readonly pods: TypedResource;
  readonly configMaps: TypedResource;
}

/** What tests of Deployments ask for again and again: pods are theirs to make ready. */
export function deploymentTools(use: Upstream) {
  const place = async (): Promise<Place> => {
    const namespace = await use.makeNamespace();
    const [deployments, sets] = [use.typed("deployments", namespace), use.typed("replicasets", namespace)];
    return { deployments, sets, pods: use.typed("pods", namespace), configMaps: use.typed("configmaps", namespace) };
  };
  const make = (
    { deployments }: Place,
    replicas: number,
    {
      name = "d",
      pod = {},
      annotations = {},
      ...spec
    }: { name?: string; pod?: object; annotations?: object; [field: string]: unknown } = {},
  ): Promise<Thing> =>
    deployments.create({
      metadata: { name, annotations },
      spec: { replicas, selector: { matchLabels: labels }, template: template(labels, pod), ...spec },
    });
  const hasRevision = ({ deployments, sets }: Place, revision: string, image: string, name = "d"): Promise<Thing> =>
    eventually(async () => {
      const deployment = await deployments.get(name);
      assert.equal(deployment.metadata.annotations?.[revisionKey], revision);
      const newest = (await sets.list()).items.find(
        ({ metadata, spec }) =>
          metadata.annotations?.[revisionKey] === revision &&
          spec.template.spec.containers[0].image === image &&
          metadata.ownerReferences?.[0]?.uid === deployment.metadata.uid,
      );
      assert.ok(newest);
      return newest;
    });
  const observed = ({ deployments }: Place, { metadata }: Thing): Promise<Thing> =>
    eventually(async () => {
      const deployment = await deployments.get(metadata.name);
      assert.ok(deployment["status"].observedGeneration >= metadata.generation!);
      return deployment;
    });
  /** Pods become ready as they come, until all is done; `look` sees each state on the way. */
  const completes = ({ deployments, pods }: Place, name = "d", look?: (deployment: Thing) => void): Promise<Thing> =>
    eventually(async () => {
      await setAllReady(pods);
      const deployment = await deployments.get(name);
      look?.(deployment);
      const { status, spec, metadata } = deployment;
      const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration } = status;
      assert.deepEqual([updatedReplicas, replicas, availableReplicas], [spec.replicas, spec.replicas, spec.replicas]);
      assert.equal(observedGeneration, metadata.generation);
      return deployment;
    });
  const stable = ({ sets }: Place, { metadata }: Thing): Promise<Thing> =>
    eventually(async () => {
      const set = await sets.get(metadata.name);
      assert.deepEqual(
        [set["status"].replicas, set["status"].observedGeneration],
        [set["spec"].replicas, set.metadata.generation],
      );
      return set;
    });
  const hasReason = ({ deployments }: Place, type: string, reason: string): Promise<Thing> =>
    eventually(async () => {
      const { status } = await deployments.get("d");
      const condition = (status.conditions ?? []).find((one: Thing) => one["type"] === type);
      assert.equal(condition?.reason, reason);
      return condition;
    });
  return { place, make, hasRevision, observed, completes, stable, hasReason };
}
