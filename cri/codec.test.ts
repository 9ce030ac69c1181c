import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { decodeMessage, encodeMessage } from "./codec.ts";
import { enumNumbers, messageFields } from "./generated/fields.ts";

const int64 = fc.maxSafeInteger();
const scalarValues: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 20 }),
  double: fc.double({ noNaN: true }),
  int32: fc.integer(),
  uint32: fc.nat(2 ** 32 - 1),
  int64,
  uint64: fc.nat(Number.MAX_SAFE_INTEGER),
  string: fc.string({ unit: "grapheme", maxLength: 12 }),
};

/** Whole messages, as they are read. */
function messageValue(name: string, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const required: string[] = [];
  for (const text of messageFields[name]!) {
    const [, type, field] = text.split(" ") as [string, string, string];
    const single = type.replace("[]", "");
    const isMessage = messageFields[single] !== undefined;
    if (isMessage && depth > 3) {
      if (type.startsWith("[]")) fields[field] = fc.constant([]);
      else continue;
    } else {
      const values = enumNumbers[single];
      const value = isMessage
        ? messageValue(single, depth + 1)
        : values
          ? fc.constantFrom(...Object.keys(values))
          : single === "map"
            ? fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), {
                maxKeys: 3,
                noNullPrototype: true,
              })
            : scalarValues[single]!;
      fields[field] = type.startsWith("[]") ? fc.array(value, { maxLength: 3 }) : value;
    }
    if (!isMessage || type.startsWith("[]")) required.push(field);
  }
  return fc.record(fields, { requiredKeys: required, noNullPrototype: true });
}

for (const name of Object.keys(messageFields))
  test(`${name} is read as it was written`, () => {
    fc.assert(
      fc.property(messageValue(name), (message) => {
        assert.deepEqual(decodeMessage(name, encodeMessage(name, message)), message);
      }),
      { numRuns: 12 },
    );
  });

test("what was not sent has its default, messages are absent", () => {
  assert.deepEqual(decodeMessage("PodSandboxConfig", new Uint8Array()), {
    hostname: "",
    logDirectory: "",
    portMappings: [],
    labels: {},
    annotations: {},
  });
  assert.deepEqual(decodeMessage("PodSandboxStatus", new Uint8Array()), {
    id: "",
    state: "SANDBOX_READY",
    createdAt: 0,
    labels: {},
    annotations: {},
    runtimeHandler: "",
  });
});

test("defaults are not written, messages that are present are", () => {
  const bytes = encodeMessage("LinuxContainerSecurityContext", {
    privileged: false,
    apparmorProfile: "",
    supplementalGroups: [],
    runAsUser: { value: 0 },
  });
  assert.deepEqual([...bytes], [(5 << 3) | 2, 0]);
});

test("numbers that repeat are written packed and read either way", () => {
  const packed = encodeMessage("LinuxContainerUser", { uid: 1, supplementalGroups: [1, 300] });
  assert.deepEqual([...packed], [8, 1, (3 << 3) | 2, 3, 1, 0xac, 2]);
  const unpacked = Uint8Array.from([8, 1, 3 << 3, 1, 3 << 3, 0xac, 2]);
  for (const bytes of [packed, unpacked])
    assert.deepEqual(decodeMessage("LinuxContainerUser", bytes), { uid: 1, gid: 0, supplementalGroups: [1, 300] });
});

test("fields of a newer runtime are skipped, values of its enums equal none that are known", () => {
  const writer = new BinaryWriter();
  writer.tag(500, WireType.LengthDelimited).string("new");
  writer.tag(3, WireType.Varint).int32(17);
  assert.equal((decodeMessage("PodSandboxStatus", writer.finish()) as { state: string }).state, "17");
});

test("a number that no int64 holds becomes the nearest: no limit stays no limit", () => {
  const bytes = encodeMessage("LinuxContainerResources", { memoryLimitInBytes: 2 ** 63, cpuQuota: -1 });
  assert.deepEqual(
    [...bytes],
    [16, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 32, 255, 255, 255, 255, 255, 255, 255, 255, 127],
  );
});

test("a message sent in two parts is one", () => {
  const part = (value: object) => encodeMessage("ContainerConfig", value);
  const bytes = Buffer.concat([
    part({ metadata: { name: "a" }, image: { image: "x", annotations: { a: "1" } } }),
    part({ metadata: { attempt: 2 }, image: { annotations: { b: "2" } } }),
  ]);
  const { metadata, image } = decodeMessage("ContainerConfig", bytes) as Record<string, object>;
  assert.deepEqual(metadata, { name: "a", attempt: 2 });
  assert.deepEqual((image as { annotations: object }).annotations, { a: "1", b: "2" });
});

test("whatever bytes come, they are a message or an error", () => {
  const names = fc.constantFrom("ContainerStatusResponse", "ListContainersResponse", "PodSandboxStatsResponse");
  const real = encodeMessage("ContainerStatusResponse", {
    status: { id: "x", labels: { a: "b" }, mounts: [{}] },
    info: { a: "b" },
  });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .tuple(fc.nat(real.length), fc.uint8Array({ maxLength: 4 }))
      .map(([at, tail]) => Buffer.concat([real.subarray(0, at), tail])),
  );
  fc.assert(
    fc.property(names, bytes, (name, some) => {
      try {
        assert.equal(typeof decodeMessage(name, some), "object");
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof TypeError), String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});

test("an unknown name of an enum or message is refused", () => {
  assert.throws(() => encodeMessage("PortMapping", { protocol: "QUIC" }), /no value QUIC/);
  assert.throws(() => encodeMessage("Nothing", {}), /no message Nothing/);
});
