import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DecodeError } from "../../../../apimachinery/schema/decode.ts";
import { mutationsOf } from "../../../test-mutations.ts";
import { decoded, errorsOf, prepared, problems, row } from "../../../test-support.ts";
import { Pod } from "../pod.ts";
import { container, ordinaryPod, podWith } from "./test-pod.ts";

const rich = {
  ...ordinaryPod(),
  status: {
    phase: "Running",
    podIPs: [{ ip: "10.0.0.1" }],
    containerStatuses: [{ name: "main", state: { running: {} } }],
  },
};

/** Undefined where decoding refuses the object: then nothing of it comes further. */
function attempt(object: object): Pod | undefined {
  try {
    return prepared(Pod, object);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

test("rules, columns and warnings never throw, whatever a client sends that decodes", () => {
  const old = prepared(Pod, ordinaryPod());
  let looked = 0;
  fc.assert(
    fc.property(mutationsOf(rich), (object) => {
      const pod = attempt(object);
      if (pod === undefined) return;
      looked++;
      errorsOf(Pod, pod);
      for (const subresource of ["", "status", "ephemeralcontainers", "resize"]) {
        problems(Pod, object, old, { subresource });
      }
      row(Pod, pod);
      for (const warning of Pod.warnings!(pod, undefined)) assert.equal(typeof warning, "string");
      Pod.gracefulDeletion!.seconds(pod, undefined);
    }),
    { numRuns: 400 },
  );
  assert.ok(looked > 200, `only ${looked} objects decoded`);
});

const names = fc.constantFrom("a", "b", "web-1", "x0");
const quantities = fc.constantFrom("1", "250m", "1Gi", "0", "1e3");
const goodContainer = fc.record(
  {
    image: fc.constantFrom("nginx", "registry.example:5000/a/b:1", "a:latest"),
    ports: fc.uniqueArray(fc.record({ containerPort: fc.integer({ min: 1, max: 65535 }) }), { maxLength: 3 }),
    env: fc.array(fc.record({ name: names, value: fc.string() }), { maxLength: 3 }),
    resources: fc.record({ limits: fc.dictionary(fc.constantFrom("cpu", "memory"), quantities) }),
    livenessProbe: fc.constant({ httpGet: { port: 80 } }),
  },
  { requiredKeys: ["image"] },
);
const goodPod = fc
  .record({
    containers: fc.array(goodContainer, { minLength: 1, maxLength: 3 }),
    hostNetwork: fc.boolean(),
    volumes: fc.uniqueArray(names, { maxLength: 3 }),
    restartPolicy: fc.constantFrom("Always", "OnFailure", "Never"),
  })
  .map(({ containers, volumes, hostNetwork, restartPolicy }) =>
    podWith({
      hostNetwork: hostNetwork && containers.every(({ ports }) => ports === undefined),
      restartPolicy,
      volumes: volumes.map((name) => ({ name })),
      containers: containers.map((one, i) => container({ ...one, name: `c${i}` })),
    }),
  );

test("a pod that was accepted is accepted again, as new and as its own update, and defaults find nothing more to set", () => {
  fc.assert(
    fc.property(goodPod, (object) => {
      const pod = prepared(Pod, object);
      assert.deepEqual(errorsOf(Pod, pod), []);
      const again = decoded(Pod, JSON.parse(JSON.stringify(pod)));
      assert.deepEqual(again, pod);
      assert.deepEqual(errorsOf(Pod, again), []);
      for (const subresource of ["", "status", "ephemeralcontainers", "resize"]) {
        assert.deepEqual(problems(Pod, again, pod, { subresource }), []);
      }
    }),
    { numRuns: 200 },
  );
});
