import type { Node, NodeInput, Pod } from "../../api/generated/types/core-v1.ts";

type Labels = Readonly<Record<string, string>>;

export interface NodeFields {
  readonly labels?: Labels;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly unschedulable?: boolean;
  /** Default 4 CPUs, 8 GiB, 110 pods. */
  readonly allocatable?: Labels;
  readonly images?: readonly { readonly names: readonly string[]; readonly sizeBytes: number }[];
}

/** A node as the API serves it. */
export function nodeOf(name: string, fields: NodeFields = {}): Node {
  const { labels = {}, allocatable = { cpu: "4", memory: "8Gi", pods: "110" }, images = [], ...spec } = fields;
  const node: NodeInput = { metadata: { name, labels }, spec, status: { allocatable, images } };
  return { apiVersion: "v1", kind: "Node", ...node } as Node;
}

export interface PodFields {
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Labels;
  /** Of its one container. */
  readonly requests?: Labels;
  readonly spec?: object;
  readonly status?: object;
}

/** A pod as the API serves it, as far as the scheduler looks. */
export function podOf(name: string, fields: PodFields = {}): Pod {
  const { namespace = "default", uid = `uid-${name}`, labels = {}, requests, spec, status } = fields;
  const containers = [{ name: "main", image: "app", ...(requests === undefined ? {} : { resources: { requests } }) }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid, labels },
    spec: { schedulerName: "default-scheduler", containers, ...spec },
    status: { phase: "Pending", ...status },
  } as unknown as Pod;
}
