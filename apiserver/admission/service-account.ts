import { secretNamesOf } from "../../api/core/v1/pod/references.ts";
import type {
  Container,
  EphemeralContainer,
  Pod,
  ProjectedVolumeSource,
  ServiceAccount,
  VolumeMount,
} from "../../api/generated/types/core-v1.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { warnOnlyExpirationSeconds } from "../authentication/token-request.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { concerns, newObject, refused } from "./refusal.ts";
import { waitFor } from "./wait-for.ts";

const volumePrefix = "kube-api-access-";
const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const mirrorAnnotation = "kubernetes.io/config.mirror";
const enforceAnnotation = "kubernetes.io/enforce-mountable-secrets";

/** A new namespace's `default` account is made by a controller: pods that come sooner wait this long. */
const defaultAccountWaitMs = 1500;

export interface ServiceAccountDeps {
  readonly reader: ObjectReader;
  readonly serviceAccounts: ResourceDefinition<ServiceAccount>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Gives each pod its service account, the account's image pull secrets and a token (plugin/pkg/admission/serviceaccount). */
export function serviceAccountAdmission(deps: ServiceAccountDeps): AdmissionPlugin {
  const find = (namespace: string, name: string) => deps.reader.get(deps.serviceAccounts, namespace, name);
  return {
    name: "ServiceAccount",
    handles: (attributes) =>
      (attributes.operation === "CREATE" && concerns(attributes, "", "pods")) ||
      (attributes.operation === "UPDATE" && concerns(attributes, "", "pods", "ephemeralcontainers")),
    admit(attributes) {
      if (attributes.operation !== "CREATE") return;
      const pod = attributes.object as Draft<Pod>;
      if (isMirror(pod)) return checkMirrorPod(attributes, pod);
      const { spec } = pod;
      spec.serviceAccountName ||= spec.serviceAccount || "default";
      // The old name of the field, which the API still shows beside the new one.
      spec.serviceAccount = spec.serviceAccountName;
      const { namespace } = attributes;
      const name = spec.serviceAccountName;
      const account = find(namespace, name);
      if (account === undefined && name === "default") {
        const wanted = { namespace, name, clock: deps.clock, timeoutMs: defaultAccountWaitMs };
        return waitFor(deps.reader, deps.serviceAccounts, wanted).then((found) =>
          complete(attributes, pod, found, deps.random),
        );
      }
      complete(attributes, pod, account, deps.random);
    },
    validate(attributes) {
      const pod = newObject<Pod>(attributes);
      if (isMirror(pod)) return attributes.operation === "CREATE" ? checkMirrorPod(attributes, pod) : undefined;
      const { namespace } = attributes;
      const name = pod.spec.serviceAccountName ?? "";
      if (name === "")
        throw refused(attributes, `no service account specified for pod ${namespace}/${pod.metadata.name ?? ""}`);
      const account = mustExist(attributes, name, find(namespace, name));
      if (!enforcesMountableSecrets(account)) return;
      const problem =
        attributes.operation === "CREATE" ? forbiddenSecret(account, pod) : forbiddenEphemeralSecret(account, pod);
      if (problem !== undefined) throw refused(attributes, problem);
    },
  };
}

function mustExist(attributes: AdmissionAttributes, name: string, account: ServiceAccount | undefined): ServiceAccount {
  if (account !== undefined) return account;
  throw refused(
    attributes,
    `error looking up service account ${attributes.namespace}/${name}: serviceaccount ${goQuote(name)} not found`,
  );
}

function complete(
  attributes: AdmissionAttributes,
  pod: Draft<Pod>,
  found: ServiceAccount | undefined,
  random: Random,
): void {
  const account = mustExist(attributes, pod.spec.serviceAccountName!, found);
  if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, random);
  if ((pod.spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
    pod.spec.imagePullSecrets = account.imagePullSecrets!.map((secret) => ({ ...secret }));
  }
}

function isMirror(pod: Pod | Draft<Pod>): boolean {
  return pod.metadata.annotations?.[mirrorAnnotation] !== undefined;
}

/** A mirror pod stands for one that a node made by itself: it must not give the node anything. */
function checkMirrorPod(attributes: AdmissionAttributes, pod: Pod): void {
  if (pod.spec.serviceAccountName) throw refused(attributes, "a mirror pod may not reference service accounts");
  if (!secretNamesOf(pod).next().done) throw refused(attributes, "a mirror pod may not reference secrets");
  for (const { projected } of pod.spec.volumes ?? []) {
    if ((projected?.sources ?? []).some((source) => source.serviceAccountToken)) {
      throw refused(attributes, "a mirror pod may not use ServiceAccountToken volume projections");
    }
  }
}

/** Mounts a token volume in every container that has nothing at its place. */
function mountToken(pod: Draft<Pod>, random: Random): void {
  const { spec } = pod;
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix));
  let name = existing?.name;
  let needed = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])] as Draft<Container>[]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue;
    name ??= volumePrefix + random.suffix(5);
    const mount: Draft<VolumeMount> = { name, readOnly: true, mountPath };
    container.volumeMounts = [...(container.volumeMounts ?? []), mount];
    needed = true;
  }
  if (existing === undefined && needed)
    spec.volumes = [...(spec.volumes ?? []), { name: name!, projected: tokenVolume() }];
}

/** The volume's exact shape; its lifetime is the mark by which the server knows it (see token-request.ts). */
function tokenVolume(): Draft<ProjectedVolumeSource> {
  return {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: warnOnlyExpirationSeconds, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
        },
      },
    ],
  };
}

function enforcesMountableSecrets({ metadata }: ServiceAccount): boolean {
  return ["1", "t", "T", "true", "TRUE", "True"].includes(metadata.annotations?.[enforceAnnotation] ?? "");
}

/** Why a pod may not use a secret that its account does not list; undefined where it uses none such. */
function forbiddenSecret(account: ServiceAccount, { spec }: Pod): string | undefined {
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const because = `is not allowed because service account ${account.metadata.name} does not reference that`;
  for (const { secret } of spec.volumes ?? []) {
    if (secret !== undefined && !mountable.has(secret.secretName))
      return `volume with secret.secretName="${secret.secretName}" ${because} secret`;
  }
  const inContainers =
    forbiddenIn("init container", spec.initContainers ?? [], mountable, `${because} secret`) ??
    forbiddenIn("container", spec.containers ?? [], mountable, `${because} secret`);
  if (inContainers !== undefined) return inContainers;
  const pull = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  const index = (spec.imagePullSecrets ?? []).findIndex(({ name }) => !pull.has(name));
  return index < 0
    ? undefined
    : `imagePullSecrets[${index}].name="${spec.imagePullSecrets![index]!.name}" ${because} imagePullSecret`;
}

function forbiddenEphemeralSecret(account: ServiceAccount, { spec }: Pod): string | undefined {
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const because = `is not allowed because service account ${account.metadata.name} does not reference that secret`;
  return forbiddenIn("ephemeral container", spec.ephemeralContainers ?? [], mountable, because);
}

function forbiddenIn(
  what: string,
  containers: readonly (Container | EphemeralContainer)[],
  mountable: ReadonlySet<string | undefined>,
  because: string,
): string | undefined {
  for (const container of containers) {
    for (const { name, valueFrom } of container.env ?? []) {
      const secret = valueFrom?.secretKeyRef?.name;
      if (secret !== undefined && !mountable.has(secret))
        return `${what} ${container.name} with envVar ${name} referencing secret.secretName="${secret}" ${because}`;
    }
    for (const { secretRef } of container.envFrom ?? []) {
      if (secretRef !== undefined && !mountable.has(secretRef.name))
        return `${what} ${container.name} with envFrom referencing secret.secretName="${secretRef.name}" ${because}`;
    }
  }
  return undefined;
}
