import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import { CommandError } from "../command-error.ts";
import { signingOf } from "./signing.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "k8ts-signing-"));
  await mkdir(join(folder, "full", "pki"), { recursive: true });
});
after(() => rm(folder, { recursive: true }));

function authority(commonName: string): { readonly certificate: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = { commonName };
  const certificate = issueCertificate(
    {
      subject,
      publicKey,
      serialNumber: Buffer.from([1]),
      notBefore: 0,
      notAfter: 4e12,
      keyUsages: [],
      authority: true,
    },
    { privateKey },
  );
  return { certificate: toPem("CERTIFICATE", certificate), key: pemOf(privateKey) };
}
const pemOf = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }) as string;

const a = authority("a");
const b = authority("b");
const duration = { clusterSigningDuration: 1000 };

async function files(name: string, certificate: string, key: string): Promise<readonly [string, string]> {
  const paths = [join(folder, `${name}.crt`), join(folder, `${name}.key`)] as const;
  await writeFile(paths[0], certificate);
  await writeFile(paths[1], key);
  return paths;
}

async function refused(flags: Parameters<typeof signingOf>[0], message: RegExp): Promise<void> {
  await assert.rejects(signingOf(flags, folder), (error) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, message);
    return true;
  });
}

test("the data directory's authority signs for all signers, also where others are believed beside it", async () => {
  assert.equal(await signingOf(duration, folder), undefined);
  await writeFile(join(folder, "full", "pki", "ca.crt"), `${b.certificate}${a.certificate}`);
  assert.equal(await signingOf(duration, join(folder, "full")), undefined);
  await writeFile(join(folder, "full", "pki", "ca.key"), a.key);
  const { signing } = (await signingOf(duration, join(folder, "full")))!;
  assert.equal(signing.durationMs, 1000);
  const names = Object.values(signing.authorities).map((current) => current().certificate.subject);
  assert.deepEqual(names, ["CN=a", "CN=a", "CN=a", "CN=a"]);
});

test("one authority for all, or some for their signers, and not both", async () => {
  const [clusterSigningCertFile, clusterSigningKeyFile] = await files("a", a.certificate, a.key);
  const [clusterSigningKubeletClientCertFile, clusterSigningKubeletClientKeyFile] = await files(
    "b",
    b.certificate,
    b.key,
  );
  const one = { ...duration, clusterSigningCertFile, clusterSigningKeyFile };
  const own = { ...duration, clusterSigningKubeletClientCertFile, clusterSigningKubeletClientKeyFile };
  assert.equal(Object.keys((await signingOf(one, folder))!.signing.authorities).length, 4);
  const { authorities } = (await signingOf(own, join(folder, "full")))!.signing;
  assert.deepEqual(Object.keys(authorities), ["kubernetes.io/kube-apiserver-client-kubelet"]);
  await refused({ ...one, ...own }, /^cannot specify --cluster-signing-\{cert,key\}-file and other/);
  await refused({ ...duration, clusterSigningKeyFile }, /--cluster-signing-key-file needs --cluster-signing-cert-file/);
  await refused(
    { ...duration, clusterSigningKubeletClientCertFile },
    /--cluster-signing-kubelet-client-cert-file needs --cluster-signing-kubelet-client-key-file/,
  );
});

test("files that do not fit each other are named", async () => {
  const check = async (certificate: string, key: string, message: RegExp): Promise<void> => {
    const [clusterSigningCertFile, clusterSigningKeyFile] = await files("bad", certificate, key);
    await refused({ ...duration, clusterSigningCertFile, clusterSigningKeyFile }, message);
  };
  await check(a.certificate, b.key, /bad\.crt and .*bad\.key: tls: private key does not match public key/);
  await check(`${a.certificate}${b.certificate}`, a.key, /expected 1 certificate, found 2/);
  await check("", a.key, /expected 1 certificate, found 0/);
  await check(a.certificate, "", /cannot sign with .*bad\.key/);
});

test("a renewed authority is used from then on; one that cannot be used changes nothing", async () => {
  const [clusterSigningCertFile, clusterSigningKeyFile] = await files("c", a.certificate, a.key);
  const { signing, followed } = (await signingOf(
    { ...duration, clusterSigningCertFile, clusterSigningKeyFile },
    folder,
  ))!;
  const name = (): string => signing.authorities["kubernetes.io/kubelet-serving"]!().certificate.subject;
  const [first] = followed;
  assert.deepEqual(first!.files, [clusterSigningCertFile, clusterSigningKeyFile]);
  await assert.rejects(first!.apply([b.certificate, a.key]));
  assert.equal(name(), "CN=a");
  assert.equal(await first!.apply([b.certificate, b.key]), "applied");
  assert.equal(name(), "CN=b");
});
