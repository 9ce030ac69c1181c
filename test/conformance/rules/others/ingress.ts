import { notDNSLabel, notDNSSubdomain, notIP, notPortNumber, notWildcard, portName } from "../messages.ts";
import {
  type Change,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Refusal,
  type Rule,
  refused,
  required,
} from "../rule.ts";

// pkg/apis/networking/validation/validation.go ValidateIngressSpec and below.

const service = { name: "a", port: { number: 80 } };
const backend = "spec.defaultBackend";
const first = "spec.rules[0].http.paths[0]";
const noAddress = "must be a DNS name, not an IP address";

/** Where a rule holds at two places. */
const both = (rule: (place: string) => Rule): readonly Rule[] => [rule(backend), rule(`${first}.backend`)];
const path = (pathType: Json, text: string): Change => ({ [`${first}.pathType`]: pathType, [`${first}.path`]: text });
const badPath = (type: string, text: string, detail: string): Refusal =>
  refused(path(type, text), invalid(`${first}.path`, text, detail));

const host = (says: string, place: string): readonly Rule[] => [
  {
    says: `${says} is a subdomain, its first label a star or not`,
    accepts: [{ [place]: "a.example.com" }, { [place]: "*.example.com" }],
    refuses: [
      refused({ [place]: "A" }, invalid(place, "A", notDNSSubdomain)),
      refused({ [place]: "*" }, invalid(place, "*", notWildcard)),
      refused({ [place]: "a.*.com" }, invalid(place, "a.*.com", notWildcard)),
    ],
  },
];

const backends: readonly Rule[] = [
  ...both((place) => ({
    says: `${place} is a service or another object`,
    accepts: { [place]: { resource: { kind: "A", name: "b" } } },
    refuses: [
      refused(
        { [place]: { service, resource: { kind: "A", name: "b" } } },
        invalid(place, "", "cannot set both resource and service backends"),
      ),
      refused({ [place]: {} }, invalid(place, "", "resource or service backend is required")),
    ],
  })),
  ...both((place) => ({
    says: `the service of ${place} has a label for a name`,
    accepts: { [`${place}.service.name`]: "0".repeat(63) },
    refuses: [
      refused({ [`${place}.service.name`]: "" }, required(`${place}.service.name`)),
      refused({ [`${place}.service.name`]: "A" }, invalid(`${place}.service.name`, "A", notDNSLabel)),
    ],
  })),
  ...both((place) => ({
    says: `the port of ${place} is told by its name or its number`,
    accepts: [{ [`${place}.service.port`]: { name: "x".repeat(15) } }, { [`${place}.service.port.number`]: 65535 }],
    refuses: [
      refused({ [`${place}.service.port.name`]: "a" }, invalid(place, "", "cannot set both port name & port number")),
      refused({ [`${place}.service.port`]: {} }, required(place, "port name or number is required")),
      refused(
        { [`${place}.service.port`]: { name: "A" } },
        invalid(`${place}.service.port.name`, "A", portName.characters),
        invalid(`${place}.service.port.name`, "A", portName.letter),
      ),
      refused(
        { [`${place}.service.port.number`]: 65536 },
        invalid(`${place}.service.port.number`, 65536, notPortNumber),
      ),
    ],
  })),
  {
    says: "another object has a kind and a name that fit into a path",
    accepts: { [backend]: { resource: { apiGroup: "a.b", kind: "A", name: "b:c" } } },
    refuses: [
      refused(
        { [backend]: { resource: { kind: "", name: "" } } },
        required(`${backend}.resource.kind`),
        required(`${backend}.resource.name`),
      ),
      refused(
        { [backend]: { resource: { apiGroup: "", kind: "a/b%", name: ".." } } },
        invalid(`${backend}.resource.apiGroup`, "", notDNSSubdomain),
        invalid(`${backend}.resource.kind`, "a/b%", "may not contain '/'"),
        invalid(`${backend}.resource.kind`, "a/b%", "may not contain '%'"),
        invalid(`${backend}.resource.name`, "..", "may not be '..'"),
      ),
    ],
  },
];

const paths: readonly Rule[] = [
  {
    says: "a rule of HTTP has paths",
    accepts: { "spec.rules[0].http": undefined },
    refuses: refused({ "spec.rules[0].http.paths": [] }, required("spec.rules[0].http.paths")),
  },
  {
    says: "the type of a path is one of three",
    accepts: ["Exact", "Prefix", "ImplementationSpecific"].map((type) => path(type, "/")),
    refuses: [
      refused({ [`${first}.pathType`]: undefined }, required(`${first}.pathType`, "pathType must be specified")),
      refused(
        { [`${first}.pathType`]: "exact" },
        notSupported(`${first}.pathType`, "exact", ["Exact", "ImplementationSpecific", "Prefix"]),
      ),
    ],
  },
  {
    says: "a path is absolute, unless somebody else reads it",
    accepts: path("ImplementationSpecific", ""),
    refuses: [
      ...["Exact", "Prefix"].flatMap((type) => [
        badPath(type, "", "must be an absolute path"),
        badPath(type, "a", "must be an absolute path"),
      ]),
      badPath("ImplementationSpecific", "a", "must be an absolute path"),
    ],
  },
  {
    says: "a path does not go up, and hides no slashes",
    accepts: [path("Exact", "/.../.a/a."), path("Prefix", "/%2e"), path("ImplementationSpecific", "//./../%2F/..")],
    refuses: ["Exact", "Prefix"].flatMap((type) => [
      ...["//", "/./", "/../", "%2f", "%2F"].map((part) => badPath(type, `/a${part}b`, `must not contain '${part}'`)),
      ...["/..", "/."].map((end) => badPath(type, `/a${end}`, `cannot end with '${end}'`)),
    ]),
  },
];

const rest: readonly Rule[] = [
  {
    says: "there is a rule or a backend",
    accepts: { spec: { defaultBackend: { service } } },
    refuses: refused({ spec: {} }, invalid("spec", null, "either `defaultBackend` or `rules` must be specified")),
  },
  ...host("the host of a rule", "spec.rules[0].host"),
  {
    says: "the host of a rule is no address",
    accepts: { "spec.rules[0].host": "" },
    refuses: [
      refused({ "spec.rules[0].host": "198.51.100.1" }, invalid("spec.rules[0].host", "198.51.100.1", noAddress)),
      refused(
        { "spec.rules[0].host": "::1" },
        invalid("spec.rules[0].host", "::1", noAddress),
        invalid("spec.rules[0].host", "::1", notDNSSubdomain),
      ),
    ],
  },
  ...host("a host of TLS", "spec.tls[0].hosts[0]"),
  {
    says: "the secret of TLS is a subdomain",
    accepts: [{ "spec.tls": [{ secretName: "a.b" }] }, { "spec.tls": [{}] }],
    refuses: refused({ "spec.tls": [{ secretName: "A" }] }, invalid("spec.tls[0].secretName", "A", notDNSSubdomain)),
  },
  {
    says: "the class is a subdomain",
    accepts: { "spec.ingressClassName": "a.b" },
    refuses: refused({ "spec.ingressClassName": "" }, invalid("spec.ingressClassName", "", notDNSSubdomain)),
  },
];

const annotation = "metadata.annotations[kubernetes.io/ingress.class]";
const points = "status.loadBalancer.ingress";

export const ingress: KindRules = {
  group: "networking.k8s.io",
  kind: "Ingress",
  path: "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
  valid: {
    metadata: { name: "rules" },
    spec: {
      defaultBackend: { service },
      rules: [{ http: { paths: [{ path: "/", pathType: "Exact", backend: { service } }] } }],
    },
  },
  create: [
    ...rest,
    ...backends,
    ...paths,
    {
      says: "the class is told once, or twice alike",
      accepts: [{ [annotation]: "A" }, { [annotation]: "a", "spec.ingressClassName": "a" }],
      refuses: refused(
        { [annotation]: "a", "spec.ingressClassName": "b" },
        invalid(
          "annotations.kubernetes.io/ingress.class",
          "a",
          "must match `ingressClassName` when both are specified",
        ),
      ),
    },
  ],
  update: [
    {
      says: "the class may be told twice in different ways",
      accepts: { [annotation]: "a", "spec.ingressClassName": "b" },
      refuses: refused({ spec: {} }, invalid("spec", null, "either `defaultBackend` or `rules` must be specified")),
    },
  ],
  subresources: {
    status: [
      {
        says: "a point of ingress has an address",
        accepts: { [points]: [{ ip: "198.51.100.1" }, { ip: "2001:db8::1" }] },
        refuses: [
          refused({ [points]: [{ ip: "a" }] }, invalid(`${points}[0].ip`, "a", notIP.form)),
          refused({ [points]: [{ ip: "1.2.3.04" }] }, invalid(`${points}[0].ip`, "1.2.3.04", notIP.zeros)),
          refused({ [points]: [{ ip: "::ffff:1.2.3.4" }] }, invalid(`${points}[0].ip`, "::ffff:1.2.3.4", notIP.mapped)),
        ],
      },
      {
        says: "a point of ingress has a subdomain that is no address",
        accepts: { [points]: [{ hostname: "a.b" }] },
        refuses: [
          refused({ [points]: [{ hostname: "A" }] }, invalid(`${points}[0].hostname`, "A", notDNSSubdomain)),
          refused({ [points]: [{ hostname: "1.2.3.4" }] }, invalid(`${points}[0].hostname`, "1.2.3.4", noAddress)),
        ],
      },
    ],
  },
};
