import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SeededRandom } from "../../base/mod.ts";
import { aesCbc } from "./aes-cbc.ts";
import { aesGcm, derivedKeyGcm } from "./aes-gcm.ts";
import { identity } from "./identity.ts";
import { secretbox } from "./secretbox.ts";
import { prefixTransformers, UnreadableValueError, type ValueTransformer } from "./value-transformer.ts";

const random = new SeededRandom(1);
const key = random.bytes(32);
const storeKey = "/registry/secrets/default/a";
const text = (value: Uint8Array): string => Buffer.from(value).toString();
const read = async (transformer: ValueTransformer, stored: Uint8Array, from = storeKey): Promise<string> =>
  text((await transformer.fromStore(stored, from)).value);

const forms: Readonly<Record<string, ValueTransformer>> = {
  "aescbc, 32 bytes": aesCbc(key, random),
  "aescbc, 16 bytes": aesCbc(key.subarray(0, 16), random),
  "aesgcm, 24 bytes": aesGcm(key.subarray(0, 24), random),
  "aesgcm, 32 bytes": aesGcm(key, random),
  "a derived key": derivedKeyGcm(key, random),
  secretbox: secretbox(key, random),
};

for (const [name, form] of Object.entries(forms)) {
  describe(name, () => {
    test("gives back every value, and never writes the same bytes twice", async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (value) => {
          const stored = form.toStore(value, storeKey);
          assert.deepEqual(new Uint8Array((await form.fromStore(stored, storeKey)).value), value);
          assert.notDeepEqual(form.toStore(value, storeKey), stored);
        }),
        { numRuns: 50 },
      );
    });

    test("bytes that nobody has written are refused, whatever they are", async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
          // CBC authenticates nothing: one in 256 paddings looks right.
          if (name.startsWith("aescbc") && bytes.byteLength >= 32) return;
          await assert.rejects(async () => form.fromStore(bytes, storeKey), UnreadableValueError);
        }),
        { numRuns: 50 },
      );
    });
  });
}

for (const name of ["aesgcm, 32 bytes", "a derived key"]) {
  test(`with ${name}, a value does not open under another key of the store, nor with one bit changed`, async () => {
    const form = forms[name]!;
    const stored = form.toStore(Buffer.from("secret"), storeKey);
    await assert.rejects(read(form, stored, "/registry/secrets/default/b"), /message authentication failed/);
    for (let at = 0; at < stored.byteLength; at++) {
      const changed = Uint8Array.from(stored);
      changed[at]! ^= 1;
      await assert.rejects(read(form, changed), UnreadableValueError, `byte ${at}`);
    }
  });
}

test("AES-CBC and AES-GCM write what others read: initialization vector or nonce in front, tag behind", async () => {
  // AES-256-GCM, key and nonce of zeros, sixteen zeros, no authenticated data: test case 14 of the GCM specification.
  const zeros = new Uint8Array(32);
  const stored = Buffer.from(
    `${"00".repeat(12)}cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919`,
    "hex",
  );
  assert.deepEqual(new Uint8Array((await aesGcm(zeros, random).fromStore(stored, "")).value), new Uint8Array(16));
  // AES-256-CBC of NIST SP 800-38A, F.2.5, with its padding.
  const nistKey = Buffer.from("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "hex");
  const iv = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
  const plain = Buffer.from("6bc1bee22e409f96e93d7e117393172a", "hex");
  const fixed = Object.assign(new SeededRandom(1), { bytes: () => new Uint8Array(iv) });
  const written = aesCbc(nistKey, fixed).toStore(plain, "");
  assert.equal(
    Buffer.from(written).subarray(0, 32).toString("hex"),
    `${iv.toString("hex")}f58c4c04d6e5f1ba779eabfb5f7bfbd6`,
  );
});

test("the secretbox is NaCl's", async () => {
  // The vector of NaCl's tests/secretbox.c.
  const firstKey = Buffer.from("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389", "hex");
  const nonce = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37";
  const box =
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5";
  const stored = Buffer.from(nonce + box, "hex");
  const value =
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705";
  const decoded = await secretbox(firstKey, random).fromStore(stored, storeKey);
  assert.equal(Buffer.from(decoded.value).toString("hex"), value);
});

describe("several forms", () => {
  const old = aesCbc(random.bytes(32), random);
  const fresh = aesGcm(random.bytes(32), random);
  const both = prefixTransformers(
    [
      { prefix: "new:", transformer: fresh },
      { prefix: "old:", transformer: old },
      { prefix: "", transformer: identity },
    ],
    "no matching prefix found",
  );

  test("the first writes, each reads, and what another than the first has written is stale", async () => {
    const written = both.toStore(Buffer.from("1"), storeKey);
    assert.equal(text(written.subarray(0, 4)), "new:");
    assert.equal((await both.fromStore(written, storeKey)).stale, false);
    const before = Buffer.concat([Buffer.from("old:"), old.toStore(Buffer.from("2"), storeKey)]);
    assert.deepEqual(await both.fromStore(before, storeKey), { value: Buffer.from("2"), stale: true });
    assert.deepEqual(await both.fromStore(Buffer.from("{}"), storeKey), { value: Buffer.from("{}"), stale: true });
  });

  test("of two with one prefix, the one that can read does", async () => {
    const keys = prefixTransformers(
      [
        { prefix: "k:", transformer: fresh },
        { prefix: "k:", transformer: old },
      ],
      "none",
    );
    const stored = Buffer.concat([Buffer.from("k:"), old.toStore(Buffer.from("2"), storeKey)]);
    assert.deepEqual(await keys.fromStore(stored, storeKey), { value: Buffer.from("2"), stale: true });
  });

  test("what none can read says why", async () => {
    const alone = prefixTransformers([{ prefix: "new:", transformer: fresh }], "no matching prefix found");
    const wrong = Buffer.from("new:garbage");
    await assert.rejects(async () => alone.fromStore(wrong, storeKey), /shorter than the required size/);
    await assert.rejects(async () => alone.fromStore(Buffer.from("{}"), storeKey), /no matching prefix found/);
    await assert.rejects(async () => both.fromStore(Buffer.from("k8s:enc:x"), storeKey), /no matching prefix found/);
  });
});
