import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Service } from "../api/generated/types/core-v1.ts";
import type { EndpointSlice } from "../api/generated/types/discovery-v1.ts";
import { endpoint, port, service, slice } from "./testing/objects.ts";
import { ZoneIndex } from "./zone.ts";

const names = ["a", "b", "c"];
const ips = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"];

type Change =
  | { readonly kind: "service"; readonly name: string; readonly ip: string }
  | { readonly kind: "slice"; readonly of: string; readonly suffix: string; readonly ips: readonly string[] }
  | { readonly kind: "move"; readonly of: string; readonly suffix: string; readonly to: string }
  | { readonly kind: "delete service"; readonly name: string }
  | { readonly kind: "delete slice"; readonly of: string; readonly suffix: string };

const anyName = fc.constantFrom(...names);
const anySuffix = fc.constantFrom("1", "2");
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("service" as const), name: anyName, ip: fc.constantFrom("None", ...ips) }),
  fc.record({
    kind: fc.constant("slice" as const),
    of: anyName,
    suffix: anySuffix,
    ips: fc.array(fc.constantFrom(...ips), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("move" as const), of: anyName, suffix: anySuffix, to: anyName }),
  fc.record({ kind: fc.constant("delete service" as const), name: anyName }),
  fc.record({ kind: fc.constant("delete slice" as const), of: anyName, suffix: anySuffix }),
);

/** Everything the index can be asked. */
function contents(zone: ZoneIndex) {
  return {
    services: names.map((name) => zone.service("default", name)),
    endpoints: names.map((name) =>
      zone
        .endpoints("default", name)
        .map(({ hostname, ip }) => `${hostname} ${ip}`)
        .sort(),
    ),
    owners: ips.map((ip) => zone.owners(ip)),
  };
}

test("an index that followed changes answers as one that is built anew", () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 25 }), (changes) => {
      const zone = new ZoneIndex();
      const services = new Map<string, Service>();
      const slices = new Map<string, EndpointSlice>();
      for (const change of changes) {
        const version = zone.version;
        if (change.kind === "service") {
          const made = service(change.name, { clusterIP: change.ip, ports: [port("x", 1)] });
          services.set(change.name, made);
          zone.setService(made);
        } else if (change.kind === "delete service") {
          const known = services.get(change.name);
          services.delete(change.name);
          if (known !== undefined) zone.deleteService(known);
          else continue;
        } else {
          const key = `${change.of}-${change.suffix}`;
          const old = slices.get(key);
          if (change.kind === "delete slice") {
            if (old === undefined) continue;
            slices.delete(key);
            zone.deleteSlice(old);
          } else {
            if (change.kind === "move" && old === undefined) continue;
            const made =
              change.kind === "slice"
                ? slice(
                    change.of,
                    change.ips.map((ip) => endpoint(ip)),
                    { suffix: change.suffix },
                  )
                : { ...old!, metadata: { ...old!.metadata, labels: { "kubernetes.io/service-name": change.to } } };
            slices.set(key, made);
            zone.setSlice(made, old);
          }
        }
        assert.ok(zone.version > version, "what was encoded before is not used again");
      }
      const fresh = new ZoneIndex();
      for (const one of services.values()) fresh.setService(one);
      for (const one of slices.values()) fresh.setSlice(one);
      assert.deepEqual(contents(zone), contents(fresh));
    }),
    { numRuns: 300 },
  );
});

test("endpoints are named by their hostname, else by their address; unready ones are left out", () => {
  const zone = new ZoneIndex();
  const endpoints = [
    endpoint("10.0.0.1", { hostname: "Db-0" }),
    endpoint("10.0.0.2"),
    endpoint("10.0.0.3", { conditions: { ready: false } }),
    endpoint("10.0.0.4", { conditions: {} }),
  ];
  zone.setSlice(slice("db", endpoints));
  zone.setSlice(slice("db", [endpoint("fd00::5")], { suffix: "6", addressType: "IPv6" }));
  assert.deepEqual(
    zone.endpoints("default", "db").map(({ hostname }) => hostname),
    ["db-0", "10-0-0-2", "10-0-0-4", "fd00--5"],
  );
});
