import type { MutableResourceList, ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import type { ContainerImage, Node, NodeStatus, Taint } from "../../api/generated/types/core-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { Quantity } from "../../apimachinery/quantity/quantity.ts";
import type { Image, RuntimeFeatures, RuntimeHandler } from "../../cri/mod.ts";
import { type ConditionInput, conditionsOf } from "./conditions.ts";
import type { Machine } from "./machine.ts";
import type { Thresholds } from "./pressure.ts";

/** What is said of a node once. */
export interface NodeIdentity {
  readonly name: string;
  readonly hostname: string;
  /** Of its own, beside those that every node has. */
  readonly labels: Readonly<Record<string, string>>;
  /** Given to it when it registers. */
  readonly taints: readonly Taint[];
  /** The first is the one the node is known by. */
  readonly addresses: readonly string[];
  readonly kubeletVersion: string;
  readonly kubeletPort: number;
  readonly maxPods: number;
  /** Kept from pods, beside what eviction keeps free: `{ cpu: "100m", memory: "200Mi" }`. */
  readonly reserved: ResourceList;
}

export interface NodeFacts extends ConditionInput {
  readonly machine: Machine;
  readonly thresholds: Thresholds;
  readonly runtimeVersion: string;
  readonly handlers: readonly RuntimeHandler[];
  readonly features: RuntimeFeatures | undefined;
  readonly images: readonly Image[];
}

/** A new node, as it registers (pkg/kubelet initialNode). */
export function nodeToRegister(identity: NodeIdentity, facts: NodeFacts): Omit<Node, "apiVersion" | "kind"> {
  const { name, taints } = identity;
  return {
    metadata: {
      name,
      labels: { ...defaultLabels(identity, facts.machine), ...identity.labels },
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
    },
    spec: taints.length === 0 ? {} : { taints },
    status: nodeStatusOf(undefined, identity, facts).status,
  };
}

export function defaultLabels({ hostname }: NodeIdentity, machine: Machine): Readonly<Record<string, string>> {
  const { operatingSystem: os, architecture: arch } = machine;
  return {
    "kubernetes.io/hostname": hostname,
    "kubernetes.io/os": os,
    "kubernetes.io/arch": arch,
    "beta.kubernetes.io/os": os,
    "beta.kubernetes.io/arch": arch,
  };
}

/** The node's status as it should read now, and the events that its changes are. What others keep in it stays. */
export function nodeStatusOf(
  before: NodeStatus | undefined,
  identity: NodeIdentity,
  facts: NodeFacts,
): { readonly status: NodeStatus; readonly events: readonly string[] } {
  const { machine, handlers, features } = facts;
  const own = capacityOf(identity, machine);
  const capacity = { ...foreign(before?.capacity, own), ...own };
  const allocatable = { ...foreign(before?.allocatable, own), ...allocatableOf(own, identity, facts.thresholds) };
  const { conditions, events } = conditionsOf(before?.conditions, facts);
  const runtimeHandlers = handlers.map(({ name, features }) => ({
    name,
    features: {
      recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false,
      userNamespaces: features?.userNamespaces ?? false,
    },
  }));
  const images = imagesOf(facts.images);
  const status: NodeStatus = {
    ...before,
    addresses: [
      ...identity.addresses.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: identity.hostname },
    ],
    capacity,
    allocatable,
    conditions,
    daemonEndpoints: { kubeletEndpoint: { Port: identity.kubeletPort } },
    ...(images.length > 0 ? { images } : {}),
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootID,
      containerRuntimeVersion: facts.runtimeVersion,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: "",
      kubeletVersion: identity.kubeletVersion,
      machineID: machine.machineID,
      operatingSystem: machine.operatingSystem,
      osImage: machine.osImage,
      systemUUID: machine.systemUUID,
      ...(machine.swapBytes > 0 ? { swap: { capacity: machine.swapBytes } } : {}),
    },
    ...(runtimeHandlers.length > 0 ? { runtimeHandlers } : {}),
    ...(features === undefined ? {} : { features: { supplementalGroupsPolicy: features.supplementalGroupsPolicy } }),
  };
  return { status, events };
}

/** Extended resources, which somebody else has added. */
function foreign(list: ResourceList = {}, own: ResourceList): ResourceList {
  return Object.fromEntries(
    Object.entries(list).filter(([name]) => own[name] === undefined && !name.startsWith("hugepages-")),
  );
}

export function capacityOf({ maxPods }: Pick<NodeIdentity, "maxPods">, machine: Machine): MutableResourceList {
  const binary = (bytes: number): string => Quantity.of(bytes, "BinarySI").toString();
  const capacity: MutableResourceList = {
    cpu: String(machine.cpus),
    "ephemeral-storage": binary(machine.storageBytes),
    memory: binary(machine.memoryBytes),
    pods: String(maxPods),
  };
  for (const [size, bytes] of Object.entries(machine.hugePages)) capacity[`hugepages-${size}`] = binary(bytes);
  return capacity;
}

/** What pods may have: without what is reserved, what eviction keeps free, and memory that is in huge pages. */
export function allocatableOf(
  capacity: ResourceList,
  { reserved }: Pick<NodeIdentity, "reserved">,
  { memoryAvailableBytes, nodeFsAvailable }: Pick<Thresholds, "memoryAvailableBytes" | "nodeFsAvailable">,
): MutableResourceList {
  const allocatable: MutableResourceList = {};
  let hugeBytes = 0;
  for (const name in capacity) if (name.startsWith("hugepages-")) hugeBytes += Quantity.parse(capacity[name]!).value();
  for (const name in capacity) {
    let left = Quantity.parse(capacity[name]!);
    if (reserved[name] !== undefined) left = left.subtract(Quantity.parse(reserved[name]));
    if (name === "memory") left = left.subtract(Quantity.of(memoryAvailableBytes + hugeBytes));
    if (name === "ephemeral-storage")
      left = Quantity.of(left.value() - Math.floor(Quantity.parse(capacity[name]!).value() * nodeFsAvailable));
    allocatable[name] = left.sign() < 0 ? "0" : left.toString();
  }
  return allocatable;
}

const maxImages = 50;
const maxNames = 5;

/** The largest first (pkg/kubelet/nodestatus Images). */
function imagesOf(images: readonly Image[]): readonly ContainerImage[] {
  return images
    .toSorted((a, b) => b.size - a.size)
    .slice(0, maxImages)
    .map(({ repoDigests, repoTags, size }) => ({
      names: [...repoDigests, ...repoTags].slice(0, maxNames),
      sizeBytes: size,
    }));
}

/** Whether there is news, heartbeats apart (pkg/kubelet nodeStatusHasChanged). */
export function hasStatusChanged(before: NodeStatus | undefined, after: NodeStatus): boolean {
  const plain = ({ conditions = [], ...rest }: NodeStatus): object => ({
    ...rest,
    conditions: conditions
      .map(({ lastHeartbeatTime: _, ...condition }) => condition)
      .toSorted((a, b) => (a.type < b.type ? -1 : 1)),
  });
  return before === undefined || !semanticEqual(plain(before), plain(after));
}

/** The strategic patch from one status to another; amounts that are gone are taken out, addresses replaced as a whole. */
export function statusPatch(before: NodeStatus | undefined, { addresses = [], ...after }: NodeStatus): object {
  const changed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(after)) {
    const known = before?.[name as keyof NodeStatus];
    if (name === "capacity" || name === "allocatable")
      changed[name] = mapPatch((known ?? {}) as ResourceList, value as ResourceList);
    else if (name === "conditions" || !semanticEqual(known, value)) changed[name] = value;
  }
  if (!semanticEqual(before?.addresses, addresses)) changed["addresses"] = [...addresses, { $patch: "replace" }];
  return { status: changed };
}

function mapPatch(before: ResourceList, after: ResourceList): Readonly<Record<string, string | null>> {
  const patch: Record<string, string | null> = {};
  for (const name in before) if (after[name] === undefined) patch[name] = null;
  for (const name in after) if (before[name] !== after[name]) patch[name] = after[name]!;
  return patch;
}
