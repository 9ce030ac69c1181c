import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Command } from "commander";
import { MetricsRegistry } from "../../../base/metrics.ts";
import { silentLogger } from "../../../base/mod.ts";
import { CommandError } from "../../command-error.ts";
import { addServiceAccountFlags, type ServiceAccountFlags } from "../../commands/service-account-options.ts";
import { serviceAccountsOfFlags } from "./service-accounts.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "k8ts-service-accounts-"));
});
after(() => rm(folder, { recursive: true }));

const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const own = newKey();
const parts = {
  ownKey: own,
  logger: silentLogger,
  metrics: new MetricsRegistry(),
  signal: new AbortController().signal,
};
const pem = (key: KeyObject): string =>
  key.export({ type: key.type === "private" ? "pkcs8" : "spki", format: "pem" }) as string;

function flagsOf(...args: readonly string[]): ServiceAccountFlags {
  const command = addServiceAccountFlags(new Command("x").exitOverride().configureOutput({ writeErr() {} }));
  return command.parse([...args], { from: "user" }).opts();
}
const refused = (...args: readonly string[]): void => assert.throws(() => flagsOf(...args), { exitCode: 1 });
async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test("without flags the server's own key signs, for one issuer, and pods' tokens live a year", async () => {
  const { signingKey, ...rest } = await serviceAccountsOfFlags(flagsOf(), parts);
  assert.ok(signingKey.equals(own));
  assert.deepEqual(rest, {
    issuer: "https://kubernetes.default.svc.cluster.local",
    otherIssuers: [],
    otherKeys: [],
    extendExpiration: true,
  });
});

test("issuers and key files may be given again: the first issuer signs, all are accepted", async () => {
  const [a, b] = [newKey(), newKey()];
  const both = await file("both.pem", `${pem(createPublicKey(a))}${pem(own)}`);
  const second = await file("b.pem", pem(b));
  const flags = flagsOf(
    ...["--service-account-issuer", "https://one", "--service-account-issuer", "two"],
    ...["--service-account-key-file", both, "--service-account-key-file", second],
    ...["--api-audiences", "api,other", "--service-account-max-token-expiration", "2h"],
    ...["--service-account-jwks-uri", "https://keys/", "--service-account-extend-token-expiration", "false"],
  );
  const { otherKeys = [], signingKey, ...rest } = await serviceAccountsOfFlags(flags, parts);
  assert.ok(signingKey.equals(own));
  assert.equal(otherKeys.length, 2, "the signing key's own half is known anyway");
  assert.ok(otherKeys[0]!.equals(createPublicKey(a)) && otherKeys[1]!.equals(createPublicKey(b)));
  assert.deepEqual(rest, {
    issuer: "https://one",
    otherIssuers: ["two"],
    audiences: ["api", "other"],
    keysUrl: "https://keys/",
    maxExpirationSeconds: 7200,
    extendExpiration: false,
  });
  const signing = await serviceAccountsOfFlags(flagsOf("--service-account-signing-key-file", second), parts);
  assert.ok(signing.signingKey.equals(b));
});

test("what is no key, no issuer and no time is refused", async () => {
  const none = await file("none.pem", "nothing");
  const edwards = await file("ed.pem", pem(generateKeyPairSync("ed25519").privateKey));
  for (const args of [
    ["--service-account-key-file", none],
    ["--service-account-key-file", edwards],
    ["--service-account-signing-key-file", none],
    ["--service-account-signing-key-file", edwards],
    ["--service-account-signing-key-file", join(folder, "absent")],
  ]) {
    await assert.rejects(serviceAccountsOfFlags(flagsOf(...args), parts), CommandError, args.join(" "));
  }
  refused("--service-account-issuer", "");
  refused("--service-account-issuer", "a:b:c d", "--service-account-issuer", "http://[");
  refused("--service-account-issuer", "https://a", "--service-account-issuer", "https://a");
  refused("--service-account-jwks-uri", "http://keys/");
  refused("--service-account-max-token-expiration", "59m");
  refused("--service-account-max-token-expiration", "2000000h");
});
