import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, problems, row } from "../../test-support.ts";
import { Endpoints } from "./endpoints.ts";

const one = { addresses: [{ ip: "10.0.0.1", nodeName: "n1", hostname: "a" }], ports: [{ port: 80 }] };

test("ready or not, addresses make a subset", () => {
  assert.deepEqual(problems(Endpoints, { subsets: [one, { notReadyAddresses: [{ ip: "fd00::1" }] }] }), []);
  assert.deepEqual(problems(Endpoints, { subsets: [{ ports: [{ port: 80 }] }] }), [
    "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
  ]);
});

test("addresses are of endpoints and not of a machine itself", () => {
  const wrong: Readonly<Record<string, string>> = {
    "0.0.0.0": "may not be unspecified (0.0.0.0)",
    "::1": "may not be in the loopback range (127.0.0.0/8, ::1/128)",
    "169.254.1.1": "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    "fe80::1": "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    "224.0.0.5": "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
  };
  for (const [ip, message] of Object.entries(wrong)) {
    assert.deepEqual(problems(Endpoints, { subsets: [{ addresses: [{ ip }] }] }), [
      `subsets[0].addresses[0].ip: Invalid value: "${ip}": ${message}`,
    ]);
  }
  assert.deepEqual(problems(Endpoints, { subsets: [{ notReadyAddresses: [{ ip: "x" }] }] }), [
    'subsets[0].notReadyAddresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'subsets[0].notReadyAddresses[0].ip: Invalid value: "x": must be a valid IP address',
  ]);
});

test("several ports have names, and each is a port", () => {
  const subsets = [{ ...one, ports: [{ port: 80 }, { port: 0, name: "b", protocol: "X" }] }];
  assert.deepEqual(problems(Endpoints, { subsets }), [
    "subsets[0].ports[0].name: Required value",
    "subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    'subsets[0].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
  ]);
});

test("what is stored already may stay, however it came in", () => {
  const bad = { subsets: [{ addresses: [{ ip: "127.0.0.1" }] }] };
  assert.deepEqual(problems(Endpoints, { ...bad, metadata: { labels: { a: "b" } } }, decoded(Endpoints, bad)), []);
  assert.equal(problems(Endpoints, { subsets: [...bad.subsets, one] }, decoded(Endpoints, bad)).length, 1);
});

test("its row lists three endpoints and counts the rest", () => {
  const text = (subsets: object[]): unknown => row(Endpoints, decoded(Endpoints, { subsets }))["Endpoints"];
  const addresses = ["10.0.0.1", "10.0.0.2"].map((ip) => ({ ip }));
  assert.equal(text([]), "<none>");
  assert.equal(text([{ addresses, ports: [{ port: 80 }] }]), "10.0.0.1:80,10.0.0.2:80");
  assert.equal(
    text([{ addresses }, { addresses: [{ ip: "fd00::1" }], ports: [{ port: 80 }] }]),
    "10.0.0.1,10.0.0.2,[fd00::1]:80",
  );
  assert.equal(
    text([
      {
        addresses,
        ports: [
          { port: 80, name: "a" },
          { port: 81, name: "b" },
        ],
      },
    ]),
    "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...",
  );
});
