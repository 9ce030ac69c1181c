import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMissing } from "../files.ts";
import type { Credentials } from "./credentials/keyring.ts";

/** A secret that once opened an image. */
interface RecordedSecret {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly credentialHash: string;
}

/** Who may use an image under one of its names. */
interface Access {
  /** Every pod of the node: it was pulled without credentials of a pod. */
  readonly nodePodsAccessible?: boolean;
  readonly kubernetesSecrets?: readonly RecordedSecret[];
}

/** ImagePulledRecord of kubelet.config.k8s.io/v1beta1, in its fields that are needed. */
interface PulledRecord {
  readonly apiVersion: "kubelet.config.k8s.io/v1beta1";
  readonly kind: "ImagePulledRecord";
  readonly imageRef: string;
  /** By repository, as pods name it. */
  readonly credentialMapping: Readonly<Record<string, Access>>;
}

/** Merging more than this into a record by reading alone is not worth it (pullmanager, writeRecordWhileMatchingLimit). */
const maxSecrets = 100;

/**
 * Who has pulled which image, so that a pod without the credentials cannot use a private image that another pod has brought
 * (KEP-2535; pkg/kubelet/images/pullmanager/image_pull_manager.go, policy NeverVerifyPreloadedImages). An image of which there is
 * no record was not pulled by a kubelet, and everybody may use it.
 */
export class PullRecords {
  readonly #folder: string | undefined;
  readonly #records = new Map<string, PulledRecord>();

  /** With a folder, records outlive the process: a file for each image, below `pulled/`. */
  constructor(folder?: string) {
    this.#folder = folder === undefined ? undefined : join(folder, "pulled");
    for (const record of this.#read()) this.#records.set(record.imageRef, record);
  }

  /** Whether every pod of the node may use the image, so that nobody need look for credentials. */
  isOpen(repository: string, imageRef: string): boolean {
    const record = this.#records.get(imageRef);
    return record === undefined || record.credentialMapping[repository]?.nodePodsAccessible === true;
  }

  /** Whether a pod with these credentials for the image may use it as it is here; else it has to pull it itself. */
  opens(repository: string, imageRef: string, credentials: readonly Credentials[]): boolean {
    if (this.isOpen(repository, imageRef)) return true;
    const access = this.#records.get(imageRef)?.credentialMapping[repository];
    if (access === undefined) return false;
    const secrets = access.kubernetesSecrets ?? [];
    const known = credentials.find((one) =>
      secrets.some(
        (secret) => secret.credentialHash === one.hash || (isSame(secret, one) && secrets.length < maxSecrets),
      ),
    );
    if (known === undefined) return false;
    // Other coordinates or a renewed password: next time they are known as they are.
    if (secrets.length < maxSecrets) this.pulled(repository, imageRef, known);
    return true;
  }

  /** The image was pulled, with these credentials or without any. */
  pulled(repository: string, imageRef: string, credentials: Credentials | undefined): void {
    const before = this.#records.get(imageRef);
    const access = before?.credentialMapping[repository];
    if (access?.nodePodsAccessible) return;
    const merged = credentials === undefined ? { nodePodsAccessible: true } : withSecret(access, credentials);
    if (merged === access) return;
    this.#write({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "ImagePulledRecord",
      imageRef,
      credentialMapping: { ...before?.credentialMapping, [repository]: merged },
    });
  }

  /** Forgets images that are not here any more. */
  prune(imageRefs: ReadonlySet<string>): void {
    for (const imageRef of this.#records.keys()) {
      if (imageRefs.has(imageRef)) continue;
      this.#records.delete(imageRef);
      if (this.#folder !== undefined) rmSync(join(this.#folder, fileName(imageRef)), { force: true });
    }
  }

  #write(record: PulledRecord): void {
    this.#records.set(record.imageRef, record);
    if (this.#folder === undefined) return;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = join(this.#folder, fileName(record.imageRef));
    writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  #read(): readonly PulledRecord[] {
    if (this.#folder === undefined) return [];
    const folder = this.#folder;
    try {
      const files = readdirSync(folder).filter((name) => !name.endsWith(".new"));
      return files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as PulledRecord);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

function withSecret(access: Access | undefined, { hash: credentialHash, secret }: Credentials): Access {
  const secrets = access?.kubernetesSecrets ?? [];
  if (secrets.some((one) => isSame(one, { secret }) && one.credentialHash === credentialHash)) return access as Access;
  return { kubernetesSecrets: [...secrets.filter((one) => !isSame(one, { secret })), { ...secret, credentialHash }] };
}

function isSame(recorded: RecordedSecret, { secret }: Pick<Credentials, "secret">): boolean {
  return recorded.uid === secret.uid && recorded.namespace === secret.namespace && recorded.name === secret.name;
}

function fileName(imageRef: string): string {
  return `sha256-${createHash("sha256").update(imageRef).digest("hex")}`;
}
