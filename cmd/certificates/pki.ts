import {
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { issueCertificate, type KeyUsage, toPem } from "../../apimachinery/x509/certificate.ts";
import type { Clock } from "../../base/clock.ts";
import { DamagedFileError, parseCertificate, parsePrivateKey, readIfThere, writeAtomically } from "./files.ts";
import {
  authorityFault,
  authorityValidityMs,
  backdateMs,
  leafValidityMs,
  reasonToRenew,
  type Wanted,
} from "./judge.ts";
import { readKubeconfig, writeKubeconfig } from "./kubeconfig.ts";
import {
  type AuthorityName,
  type KubeconfigPlan,
  type LeafPlan,
  type PkiPlan,
  type PlanOptions,
  planPki,
} from "./plan.ts";

export interface PkiOptions extends PlanOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  /** Kind of a new sa.key. ECDSA (ES256) is made at once; RSA (RS256), kubeadm's default, takes up to half a second. */
  readonly serviceAccountKey?: "ecdsa" | "rsa";
}

export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Pki {
  /** PEM of ca.crt and front-proxy-ca.crt. */
  readonly authority: string;
  readonly frontProxyAuthority: string;
  /** By file below pki/: `apiserver`, `apiserver-kubelet-client`, `front-proxy-client`, … */
  readonly pairs: ReadonlyMap<string, PemPair>;
  /** Signs service account tokens; sa.pub is its public half. */
  readonly serviceAccountKey: KeyObject;
  /** Signs client and serving certificates of nodes (ca.key); undefined where it is kept elsewhere. */
  readonly authorityKey: KeyObject | undefined;
  /** Files written, with the reason: `pki/apiserver.crt: it lacks the address 192.0.2.7`. Empty at an ordinary start. */
  readonly written: readonly string[];
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly pem: string;
  readonly key: KeyObject | undefined;
}

/**
 * Makes the cluster's keys and certificates exist, complete and valid, under `dataDir`: reuses what is good, renews what
 * runs out or lacks a name, and refuses to go on over damaged files. Files appear whole; keys are readable by their owner alone.
 */
export async function ensurePki(options: PkiOptions): Promise<Pki> {
  return new PkiBuilder(options, planPki(options)).build();
}

class PkiBuilder {
  readonly #options: PkiOptions;
  readonly #plan: PkiPlan;
  readonly #now: number;
  readonly #written: string[] = [];

  constructor(options: PkiOptions, plan: PkiPlan) {
    this.#options = options;
    this.#plan = plan;
    this.#now = options.clock.now();
  }

  async build(): Promise<Pki> {
    const authorities = new Map<AuthorityName, Authority>();
    for (const { file, commonName } of this.#plan.authorities)
      authorities.set(file, await this.#authority(file, commonName));
    const authority = authorities.get("ca")!;
    const leaf = async (plan: LeafPlan) =>
      [plan.file, await this.#leaf(plan, authorities.get(plan.authority)!)] as const;
    const [serviceAccountKey, pairs] = await allEnded([
      this.#serviceAccountKey(),
      allEnded(this.#plan.leaves.map(leaf)),
      allEnded(this.#plan.kubeconfigs.map((plan) => this.#kubeconfig(plan, authority))),
    ]);
    return {
      authority: authority.pem,
      frontProxyAuthority: authorities.get("front-proxy-ca")!.pem,
      pairs: new Map(pairs),
      serviceAccountKey,
      authorityKey: authority.key,
      written: this.#written.sort(),
    };
  }

  async #authority(file: AuthorityName, commonName: string): Promise<Authority> {
    const [crt, key] = [`pki/${file}.crt`, `pki/${file}.key`];
    const remedy = `restore it from a backup, or delete ${this.#path("pki")} and all *.conf files beside it to start with a new authority, which no existing client will trust`;
    const [pem, keyPem] = await Promise.all([this.#read(crt), this.#read(key)]);
    if (pem === undefined) {
      // A certificate made again from its key is trusted wherever the lost one was.
      const kept = keyPem === undefined ? newKey().privateKey : parsePrivateKey(this.#path(key), keyPem, remedy);
      return this.#newAuthority(file, commonName, kept);
    }
    const certificate = parseCertificate(this.#path(crt), pem, remedy);
    const privateKey = keyPem === undefined ? undefined : parsePrivateKey(this.#path(key), keyPem, remedy);
    const fault = authorityFault(certificate, privateKey, this.#now);
    if (fault !== undefined) throw new DamagedFileError(this.#path(crt), fault, remedy);
    return { certificate, pem, key: privateKey };
  }

  async #newAuthority(file: AuthorityName, commonName: string, privateKey: KeyObject): Promise<Authority> {
    const der = issueCertificate(
      {
        subject: { commonName },
        publicKey: createPublicKey(privateKey),
        serialNumber: newSerial(),
        notBefore: this.#now - backdateMs,
        notAfter: this.#now + authorityValidityMs,
        keyUsages: ["digitalSignature", "keyEncipherment", "certSign"],
        authority: true,
        names: { dnsNames: [commonName] },
      },
      { privateKey },
    );
    const pem = toPem("CERTIFICATE", der);
    await this.#writePair(`pki/${file}`, { certificate: pem, key: keyPemOf(privateKey) }, "it was missing");
    return { certificate: new X509Certificate(der), pem, key: privateKey };
  }

  async #leaf(plan: LeafPlan, authority: Authority): Promise<PemPair> {
    const [crt, key] = [`pki/${plan.file}.crt`, `pki/${plan.file}.key`];
    const remedy = `delete ${plan.file}.crt and ${plan.file}.key in ${this.#path("pki")}, and they are made anew at the next start`;
    const [certificate, keyPem] = await Promise.all([this.#read(crt), this.#read(key)]);
    let reason: string | undefined = "it was missing";
    if (certificate !== undefined && keyPem !== undefined) {
      const parsed = parseCertificate(this.#path(crt), certificate, remedy);
      if (!parsed.checkPrivateKey(parsePrivateKey(this.#path(key), keyPem, remedy))) {
        throw new DamagedFileError(this.#path(crt), "does not belong to the key beside it", remedy);
      }
      reason = reasonToRenew(plan, parsed, authority.certificate, this.#now);
      if (reason === undefined) return { certificate, key: keyPem };
    }
    const pair = this.#issue(plan, plan.extendedUsages, plan.authority, authority, `${crt}: ${reason}`);
    await this.#writePair(`pki/${plan.file}`, pair, reason);
    return pair;
  }

  async #kubeconfig(plan: KubeconfigPlan, authority: Authority): Promise<void> {
    const path = this.#path(plan.file);
    const remedy = "delete it, and it is made anew at the next start";
    const text = await this.#read(plan.file);
    let reason: string | undefined = "it was missing";
    if (text !== undefined) {
      const content = readKubeconfig(text);
      if (content === undefined) throw new DamagedFileError(path, "is no kubeconfig of this cluster", remedy);
      const certificate = parseCertificate(path, content.certificate, remedy);
      if (!certificate.checkPrivateKey(parsePrivateKey(path, content.key, remedy))) {
        throw new DamagedFileError(path, "has a client certificate that does not belong to its key", remedy);
      }
      reason =
        content.server !== plan.server
          ? `the server was ${content.server}`
          : content.authority !== authority.pem
            ? "the authority has changed"
            : reasonToRenew(plan, certificate, authority.certificate, this.#now);
      if (reason === undefined) return;
    }
    const pair = this.#issue(plan, ["1.3.6.1.5.5.7.3.2"], "ca", authority, `${plan.file}: ${reason}`);
    await this.#write(
      plan.file,
      writeKubeconfig(plan.user, { server: plan.server, authority: authority.pem, ...pair }),
      0o600,
      reason,
    );
  }

  #issue(
    wanted: Wanted,
    extendedUsages: readonly string[],
    authorityFile: string,
    authority: Authority,
    why: string,
  ): PemPair {
    if (authority.key === undefined) {
      const problem = `is missing, and without it a certificate cannot be issued (${why})`;
      throw new DamagedFileError(
        this.#path(`pki/${authorityFile}.key`),
        problem,
        "put the key in its place for one start, or issue the certificate yourself",
      );
    }
    const { privateKey, publicKey } = newKey();
    const keyUsages: KeyUsage[] = ["digitalSignature", "keyEncipherment"];
    const { commonName, organizations, dnsNames = [], ipAddresses = [] } = wanted;
    const der = issueCertificate(
      {
        subject: { commonName, organizations },
        publicKey,
        serialNumber: newSerial(),
        notBefore: this.#now - backdateMs,
        notAfter: Math.min(this.#now + leafValidityMs, authority.certificate.validToDate.getTime()),
        keyUsages,
        extendedUsages,
        names: { dnsNames, ipAddresses },
      },
      { certificate: authority.certificate, privateKey: authority.key },
    );
    return { certificate: toPem("CERTIFICATE", der), key: keyPemOf(privateKey) };
  }

  async #serviceAccountKey(): Promise<KeyObject> {
    const remedy =
      "restore it from a backup, or delete sa.key and sa.pub to make new ones, which ends every service account token issued so far";
    const [pem, publicPem] = await Promise.all([this.#read("pki/sa.key"), this.#read("pki/sa.pub")]);
    if (pem === undefined && publicPem !== undefined)
      throw new DamagedFileError(this.#path("pki/sa.key"), "is missing, while sa.pub is there", remedy);
    const key =
      pem === undefined
        ? await newServiceAccountKey(this.#options.serviceAccountKey ?? "ecdsa")
        : parsePrivateKey(this.#path("pki/sa.key"), pem, remedy);
    if (pem === undefined) await this.#write("pki/sa.key", keyPemOf(key), 0o600, "it was missing");
    const wanted = createPublicKey(key).export({ type: "spki", format: "pem" }) as string;
    if (publicPem === undefined) await this.#write("pki/sa.pub", wanted, 0o644, "it was missing");
    else if (publicPem.trim() !== wanted.trim())
      throw new DamagedFileError(
        this.#path("pki/sa.pub"),
        "does not belong to sa.key",
        "delete it, and it is made anew at the next start",
      );
    return key;
  }

  /** The key first: from it a lost certificate can be made again, but not the other way round. */
  async #writePair(file: string, { certificate, key }: PemPair, reason: string): Promise<void> {
    await this.#write(`${file}.key`, key, 0o600, reason);
    await this.#write(`${file}.crt`, certificate, 0o644, reason);
  }

  async #write(file: string, content: string, mode: number, reason: string): Promise<void> {
    await writeAtomically(this.#path(file), content, mode);
    this.#written.push(`${file}: ${reason}`);
  }

  #read(file: string): Promise<string | undefined> {
    return readIfThere(this.#path(file));
  }

  #path(file: string): string {
    return join(this.#options.dataDir, file);
  }
}

/** Promise.all that waits for the others where one fails: nothing is written behind the caller's back. */
async function allEnded<T extends readonly unknown[] | []>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function newKey(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}

/** RSA is made beside everything else, on a thread of its own. */
async function newServiceAccountKey(kind: "ecdsa" | "rsa"): Promise<KeyObject> {
  if (kind === "ecdsa") return newKey().privateKey;
  return (await promisify(generateKeyPair)("rsa", { modulusLength: 2048 })).privateKey;
}

/** The forms kubeadm and OpenSSL use: SEC 1 for ECDSA, PKCS #1 for RSA. */
function keyPemOf(key: KeyObject): string {
  return key.export(
    key.asymmetricKeyType === "rsa" ? { type: "pkcs1", format: "pem" } : { type: "sec1", format: "pem" },
  ) as string;
}

/** 63 random bits, so that the number is positive. */
function newSerial(): Buffer {
  const bytes = randomBytes(8);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}
