import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CommandError } from "../command-error.ts";
import { readServiceAccountKey } from "./service-account-key.ts";

let dataDir: string;
let file: string;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "k8ts-key-"));
  file = join(dataDir, "pki", "sa.key");
  await mkdir(join(dataDir, "pki"));
});
after(() => rm(dataDir, { recursive: true }));

test("the key of a data directory is read; where there is none, that is no failure", async () => {
  assert.equal(await readServiceAccountKey(dataDir), undefined);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(file, privateKey.export({ type: "pkcs8", format: "pem" }));
  assert.ok((await readServiceAccountKey(dataDir))?.equals(privateKey));
});

test("another key is read where it is named, and has to be there", async () => {
  const named = join(dataDir, "own.pem");
  await assert.rejects(readServiceAccountKey(dataDir, named), CommandError);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(named, privateKey.export({ type: "pkcs8", format: "pem" }));
  assert.ok((await readServiceAccountKey(dataDir, named))?.equals(privateKey));
});

test("a file that is no key, or cannot be read, is named", async () => {
  const refused = async (message: string): Promise<void> => {
    await assert.rejects(readServiceAccountKey(dataDir), (error) => {
      assert.ok(error instanceof CommandError);
      assert.ok(error.message.includes(file) && error.message.includes(message), error.message);
      return true;
    });
  };
  await writeFile(file, "x");
  await refused("is no PEM private key: copy it from the API server's data directory");
  await rm(file);
  await mkdir(file);
  await refused("cannot read");
});
