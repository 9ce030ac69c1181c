import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { certificateBlocks } from "../../apimachinery/x509/bundle.ts";
import { type CertificateSigning, type SignerName, type SigningAuthority, signerRules } from "../../controllers/mod.ts";
import { readIfThere } from "../certificates/files.ts";
import { CommandError } from "../command-error.ts";
import type { SigningFlags } from "../commands/signing-options.ts";
import type { FollowedFiles } from "../server/reload/followed-files.ts";

export interface Signing {
  readonly signing: CertificateSigning;
  /** Files of the authorities: they are put into use as they change. */
  readonly followed: readonly FollowedFiles[];
}

interface Files {
  /** The flags' common part: `--cluster-signing`. */
  readonly flag: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Who signs for which of the cluster's signers; undefined where no flag says so and the data directory has no key of an
 * authority. Flags that contradict each other, and files that cannot be used, are CommandErrors
 * (cmd/kube-controller-manager/app/options/csrsigningcontroller.go).
 */
export async function signingOf(flags: SigningFlags, dataDir: string): Promise<Signing | undefined> {
  const durationMs = flags.clusterSigningDuration;
  const own = ownFiles(flags);
  const specific = Object.entries(own).filter(([, { cert, key }]) => cert !== undefined || key !== undefined);
  const one: Files = {
    flag: "--cluster-signing",
    cert: flags.clusterSigningCertFile,
    key: flags.clusterSigningKeyFile,
  };
  const isGiven = one.cert !== undefined || one.key !== undefined;
  if (isGiven && specific.length > 0) {
    throw new CommandError(
      "cannot specify --cluster-signing-{cert,key}-file and other --cluster-signing-*-file flags at the same time",
    );
  }
  if (specific.length > 0) {
    const opened = await Promise.all(specific.map(async ([name, files]) => [name, await open(files)] as const));
    const authorities = Object.fromEntries(opened.map(([name, { current }]) => [name, current]));
    return { signing: { authorities, durationMs }, followed: opened.map(([, { followed }]) => followed) };
  }
  const authority = isGiven ? await open(one) : await openDefault(resolve(dataDir, "pki"));
  if (authority === undefined) return undefined;
  const authorities = Object.fromEntries(Object.keys(signerRules).map((name) => [name, authority.current]));
  return { signing: { authorities, durationMs }, followed: [authority.followed] };
}

function ownFiles(flags: SigningFlags): Readonly<Record<SignerName, Files>> {
  const files = (name: string, cert: string | undefined, key: string | undefined): Files => ({
    flag: `--cluster-signing-${name}`,
    cert,
    key,
  });
  return {
    "kubernetes.io/kubelet-serving": files(
      "kubelet-serving",
      flags.clusterSigningKubeletServingCertFile,
      flags.clusterSigningKubeletServingKeyFile,
    ),
    "kubernetes.io/kube-apiserver-client-kubelet": files(
      "kubelet-client",
      flags.clusterSigningKubeletClientCertFile,
      flags.clusterSigningKubeletClientKeyFile,
    ),
    "kubernetes.io/kube-apiserver-client": files(
      "kube-apiserver-client",
      flags.clusterSigningKubeApiserverClientCertFile,
      flags.clusterSigningKubeApiserverClientKeyFile,
    ),
    "kubernetes.io/legacy-unknown": files(
      "legacy-unknown",
      flags.clusterSigningLegacyUnknownCertFile,
      flags.clusterSigningLegacyUnknownKeyFile,
    ),
  };
}

interface Opened {
  readonly current: () => SigningAuthority;
  readonly followed: FollowedFiles;
}

async function open({ flag, cert, key }: Files): Promise<Opened> {
  if (cert === undefined || key === undefined) {
    const [given, missing] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
    throw new CommandError(`${flag}-${given}-file needs ${flag}-${missing}-file beside it`);
  }
  const files = [resolve(cert), resolve(key)] as const;
  try {
    const contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
    return opened(files, contents, (texts) => authorityOf(texts, { alone: true }));
  } catch (cause) {
    throw new CommandError(`cannot sign with ${files.join(" and ")}: ${(cause as Error).message}`, { cause });
  }
}

/** The cluster's own authority. Its file may hold others that are believed too. */
async function openDefault(pki: string): Promise<Opened | undefined> {
  const files = [join(pki, "ca.crt"), join(pki, "ca.key")] as const;
  const [cert, key] = await Promise.all(files.map(readIfThere));
  if (cert === undefined || key === undefined) return undefined;
  try {
    return opened(files, [cert, key], (texts) => authorityOf(texts, { alone: false }));
  } catch (cause) {
    throw new CommandError(`cannot sign with ${files.join(" and ")}: ${(cause as Error).message}`, { cause });
  }
}

function opened(
  files: readonly [string, string],
  contents: readonly string[],
  read: (contents: readonly string[]) => SigningAuthority,
): Opened {
  let current = read(contents);
  const apply = async (contents: readonly string[]) => {
    current = read(contents);
    return "applied" as const;
  };
  return { current: () => current, followed: { what: "the authority that signs", files, contents, apply } };
}

function authorityOf(
  [cert = "", key = ""]: readonly string[],
  { alone }: { readonly alone: boolean },
): SigningAuthority {
  const certificates = certificateBlocks(cert).map((pem) => new X509Certificate(pem));
  if (certificates.length === 0 || (alone && certificates.length > 1)) {
    throw new Error(`expected 1 certificate, found ${certificates.length}`);
  }
  const privateKey = createPrivateKey(key);
  const certificate = certificates.find((one) => one.checkPrivateKey(privateKey));
  if (certificate === undefined) throw new Error("tls: private key does not match public key");
  return { certificate, privateKey };
}
