import { dotsInLabel, negative, notDNSLabel, notQualifiedName } from "../messages.ts";
import {
  type Cause,
  duplicate,
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  notFound,
  notSupported,
  refused,
  required,
} from "../rule.ts";
import { init, main, pod, podTemplate } from "./pod.ts";

const at = `${main}.resources`;
const limits = (more: JsonObject) => ({ [at]: { limits: more } });
const pages = { "hugepages-2Mi": "2Mi" };
const claims = (...list: readonly Json[]) => ({
  "spec.resourceClaims": [
    { name: "b", resourceClaimName: "b" },
    { name: "a", resourceClaimName: "a" },
  ],
  [`${at}.claims`]: list,
});
/** A claim that the pod has not. */
const unknown = (place: string, name: string, text: string): Cause => {
  const { message, ...rest } = notFound(place, name);
  return { ...rest, message: `${message}: must be one of the names in pod.spec.resourceClaims${text}` };
};
const notStandard = "must be a standard resource type or fully qualified";
const notOfContainers = "must be a standard resource for containers";

export const containerResources: KindRules = {
  ...pod,
  create: [
    {
      says: "a resource is one of containers, or has a domain",
      accepts: [
        limits({ cpu: "1", memory: "1", "ephemeral-storage": "1", "example.com/a": "1", "a.kubernetes.io/b": "1" }),
        { [at]: { requests: { cpu: "1", memory: "1", "ephemeral-storage": "1" } } },
      ],
      refuses: [
        refused(
          { [at]: { requests: { "a b": "1" } } },
          invalid(`${at}.requests[a b]`, "a b", notQualifiedName),
          invalid(`${at}.requests[a b]`, "a b", notOfContainers),
        ),
        refused(
          { [at]: { requests: { gpu: "1" } } },
          invalid(`${at}.requests[gpu]`, "gpu", notStandard),
          invalid(`${at}.requests[gpu]`, "gpu", notOfContainers),
        ),
        refused({ [at]: { requests: { pods: "1" } } }, invalid(`${at}.requests[pods]`, "pods", notOfContainers)),
        refused(
          limits({ "requests.example.com/a": "1" }),
          invalid(
            `${at}.limits[requests.example.com/a]`,
            "requests.example.com/a",
            "doesn't follow extended resource name standard",
          ),
          invalid(
            `${at}.requests[requests.example.com/a]`,
            "requests.example.com/a",
            "doesn't follow extended resource name standard",
          ),
        ),
      ],
    },
    {
      says: "an amount is not negative",
      accepts: { [at]: { requests: { cpu: "0" } } },
      refuses: refused({ [at]: { requests: { cpu: "-1m" } } }, invalid(`${at}.requests[cpu]`, "-1m", negative)),
    },
    {
      says: "what nodes offer is given in whole",
      accepts: [limits({ "example.com/a": "2" }), limits({ cpu: "1500m" })],
      refuses: refused(
        limits({ "example.com/a": "1500m" }),
        invalid(`${at}.limits[example.com/a]`, "1500m", "must be an integer"),
        invalid(`${at}.requests[example.com/a]`, "1500m", "must be an integer"),
      ),
    },
    {
      says: "a request is within its limit",
      accepts: { [at]: { limits: { cpu: "1" }, requests: { cpu: "1000m" } } },
      refuses: refused(
        { [at]: { limits: { cpu: "1" }, requests: { cpu: "1001m" } } },
        invalid(`${at}.requests`, "1001m", "must be less than or equal to cpu limit of 1"),
      ),
    },
    {
      says: "a request of what is promised once equals its limit",
      accepts: { [at]: { limits: { "example.com/a": "1" }, requests: { "example.com/a": "1" } } },
      refuses: [
        refused(
          { [at]: { limits: { "example.com/a": "2" }, requests: { "example.com/a": "1" } } },
          invalid(`${at}.requests`, "1", "must be equal to example.com/a limit of 2"),
        ),
        refused(
          { [at]: { limits: { cpu: "1", "hugepages-2Mi": "4Mi" }, requests: pages } },
          invalid(`${at}.requests`, "2Mi", "must be equal to hugepages-2Mi limit of 4Mi"),
        ),
        refused(
          { [at]: { requests: { "example.com/a": "1" } } },
          required(`${at}.limits`, "Limit must be set for non overcommitable resources"),
        ),
      ],
    },
    {
      says: "huge pages are whole pages",
      accepts: limits({ cpu: "1", "hugepages-2Mi": "6Mi" }),
      refuses: refused(
        limits({ cpu: "1", "hugepages-2Mi": "3Mi" }),
        invalid(`${at}.limits[hugepages-2Mi]`, "3Mi", "3Mi is not positive integer multiple of hugepages-2Mi"),
        invalid(`${at}.requests[hugepages-2Mi]`, "3Mi", "3Mi is not positive integer multiple of hugepages-2Mi"),
      ),
    },
    {
      says: "huge pages need a CPU or memory beside them",
      accepts: [limits({ ...pages, cpu: "1" }), limits({ ...pages, memory: "1" })],
      refuses: refused(limits(pages), forbidden(at, "HugePages require cpu or memory")),
    },
    {
      says: "a container takes what the pod claims",
      accepts: [claims({ name: "a" }, { name: "b" }), claims({ name: "a", request: "x" }, { name: "a", request: "y" })],
      refuses: [
        refused(claims({}), required(`${at}.claims[0]`)),
        refused(claims({ name: "c" }), unknown(`${at}.claims[0]`, "c", ": a, b")),
        refused({ [`${at}.claims`]: [{ name: "c" }] }, unknown(`${at}.claims[0]`, "c", " which is empty")),
        refused(
          { [init]: { name: "init", image: "a", resources: { claims: [{ name: "c" }] } } },
          unknown(`${init}.resources.claims[0]`, "c", " which is empty"),
        ),
      ],
    },
    {
      says: "a container takes a claim, or a request of it, once",
      accepts: claims({ name: "a", request: "x" }),
      refuses: [
        refused(claims({ name: "a" }, { name: "a" }), duplicate(`${at}.claims[1]`, "a")),
        refused(claims({ name: "a" }, { name: "a", request: "x" }), duplicate(`${at}.claims[1]`, "a")),
        refused(claims({ name: "a", request: "x" }, { name: "a" }), duplicate(`${at}.claims[1]`, "a")),
        refused(claims({ name: "a", request: "x" }, { name: "a", request: "x" }), duplicate(`${at}.claims[1]`, "a/x")),
        refused(claims({ name: "a", request: "X" }), invalid(`${at}.claims[0].request`, "X", notDNSLabel)),
        refused(claims({ name: "a", request: "x.y" }), invalid(`${at}.claims[0].request`, "x.y", dotsInLabel)),
      ],
    },
  ],
};

const whole = "spec.resources";
const inContainers = (...list: readonly JsonObject[]) => ({
  "spec.containers": list.map((resources, i) => ({ name: `c${i}`, image: "a", resources })),
});

export const podResources: KindRules = {
  ...pod,
  create: [
    {
      says: "a pod asks for CPU, memory and huge pages",
      accepts: { [`${whole}.limits`]: { cpu: "1", memory: "1", ...pages } },
      refuses: [
        refused(
          { [`${whole}.requests`]: { "ephemeral-storage": "1" } },
          notSupported(`${whole}.requests[ephemeral-storage]`, "ephemeral-storage", ["cpu", "hugepages-", "memory"]),
        ),
        refused({ [`${whole}.requests`]: { gpu: "1" } }, invalid(`${whole}.requests[gpu]`, "gpu", notStandard)),
        refused({ [`${whole}.requests`]: { "a b": "1" } }, invalid(`${whole}.requests[a b]`, "a b", notQualifiedName)),
      ],
    },
    {
      says: "a pod asks for no more than its limit",
      accepts: { [whole]: { limits: { cpu: "1" }, requests: { cpu: "1" } } },
      refuses: refused(
        { [whole]: { limits: { cpu: "1" }, requests: { cpu: "2" } } },
        invalid(`${whole}.requests`, "2", "must be less than or equal to cpu limit of 1"),
      ),
    },
    {
      says: "claims are of containers",
      accepts: [claims({ name: "a" }), { [`${whole}.claims`]: null }],
      refuses: [[{ name: "a" }], []].map((list) =>
        refused(
          { ...claims(), [`${whole}.claims`]: list },
          forbidden(`${whole}.claims`, "claims may not be set for Resources at pod-level"),
        ),
      ),
    },
    {
      says: "a pod of Windows has no resources as a whole",
      accepts: { "spec.os.name": "linux", [`${whole}.requests`]: { cpu: "1" } },
      refuses: refused(
        { "spec.os.name": "windows", [`${whole}.requests`]: { cpu: "1" } },
        forbidden(whole, "may not be set for a windows pod"),
      ),
    },
    {
      says: "what containers ask for fits into what the pod asks for",
      accepts: {
        [`${whole}.requests`]: { cpu: "3" },
        ...inContainers({ requests: { cpu: "1" } }, { requests: { cpu: "2" } }),
      },
      refuses: refused(
        {
          [`${whole}.requests`]: { cpu: "2999m" },
          ...inContainers({ requests: { cpu: "1" } }, { requests: { cpu: "2" } }),
        },
        invalid(
          `${whole}.requests[cpu]`,
          "2999m",
          "must be greater than or equal to aggregate container requests of 3",
        ),
      ),
    },
    {
      says: "huge pages of containers fit into the pod's",
      accepts: {
        [whole]: { limits: { cpu: "1", "hugepages-2Mi": "4Mi" } },
        ...inContainers({ limits: { cpu: "100m", ...pages } }, { limits: { cpu: "100m", ...pages } }),
      },
      refuses: refused(
        {
          [whole]: { limits: { cpu: "1", "hugepages-2Mi": "2Mi" } },
          ...inContainers({ limits: { cpu: "100m", ...pages } }, { limits: { cpu: "100m", ...pages } }),
        },
        invalid(
          `${whole}.requests[hugepages-2Mi]`,
          "2Mi",
          "must be greater than or equal to aggregate container requests of 4Mi",
        ),
        invalid(
          `${whole}.limits[hugepages-2Mi]`,
          "2Mi",
          "must be greater than or equal to aggregate container limits of 4Mi",
        ),
      ),
    },
    {
      says: "no container has a higher limit than the pod",
      accepts: {
        [whole]: { limits: { cpu: "1" }, requests: { cpu: "1" } },
        ...inContainers(
          { limits: { cpu: "1" }, requests: { cpu: "100m" } },
          { limits: { cpu: "1" }, requests: { cpu: "1m" } },
        ),
      },
      refuses: refused(
        {
          [whole]: { limits: { cpu: "1" }, requests: { cpu: "1" } },
          ...inContainers({}, { limits: { cpu: "2" }, requests: { cpu: "1m" } }),
        },
        invalid(`${whole}.containers[1][cpu].limits`, "2", "must be less than or equal to pod limits of 1"),
      ),
    },
  ],
};

export const overhead: KindRules = {
  ...podTemplate,
  create: [
    {
      says: "the overhead of a pod is of resources of containers",
      accepts: { "template.spec.overhead": { cpu: "1" } },
      refuses: [
        refused(
          { "template.spec.overhead": { pods: "1" } },
          invalid("template.spec.overhead.limits[pods]", "pods", notOfContainers),
        ),
        refused(
          { "template.spec.overhead": { cpu: "-1" } },
          invalid("template.spec.overhead.limits[cpu]", "-1", negative),
        ),
      ],
    },
  ],
};
