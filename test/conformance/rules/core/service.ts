import {
  dotsInLabel,
  longName,
  longPrefix,
  notDNSLabel,
  notDNSSubdomain,
  notLabelValue,
  notPortNumber,
  notQualifiedName,
  portName,
  twoSlashes,
} from "../messages.ts";
import { duplicate, forbidden, invalid, type KindRules, notSupported, type Rule, refused, required } from "../rule.ts";

// pkg/apis/core/validation/validation.go validateService, validateServicePort.

export const servicePath = "/api/v1/namespaces/default/services";
export const headless = { "spec.clusterIP": "None" };
const external = { "spec.type": "ExternalName", "spec.externalName": "example.com" };
const hints = "metadata.annotations[service.kubernetes.io/topology-aware-hints]";
const mode = "metadata.annotations[service.kubernetes.io/topology-mode]";

/** Its port, shown as the part of it that has to be its own. */
const shownPort = (protocol: string, port: number) => ({
  Name: "",
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});

const types: readonly Rule[] = [
  {
    says: "the type is one of four",
    accepts: [{ "spec.type": "NodePort" }, { "spec.type": "LoadBalancer" }, external],
    refuses: refused(
      { "spec.type": "Other" },
      notSupported("spec.type", "Other", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
    ),
  },
  {
    says: "there are ports, but for headless services and for aliases",
    accepts: [
      { "spec.ports": [], ...headless },
      { "spec.ports": [], ...external },
    ],
    refuses: refused({ "spec.ports": [] }, required("spec.ports")),
  },
  {
    says: "what is reached from outside is not headless",
    accepts: headless,
    refuses: ["NodePort", "LoadBalancer"].map((type) =>
      refused(
        { ...headless, "spec.type": type },
        invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`),
      ),
    ),
  },
  {
    says: "an alias has neither addresses nor families",
    accepts: external,
    refuses: [
      refused(
        { ...external, "spec.clusterIP": "10.96.0.9" },
        forbidden("spec.clusterIPs", "may not be set for ExternalName services"),
      ),
      refused(
        { ...external, "spec.ipFamilies": ["IPv4"] },
        forbidden("spec.ipFamilies", "may not be set for ExternalName services"),
      ),
      refused(
        { ...external, "spec.ipFamilyPolicy": "SingleStack" },
        forbidden("spec.ipFamilyPolicy", "may not be set for ExternalName services"),
      ),
    ],
  },
  {
    says: "an alias names a subdomain, which may end in a dot",
    accepts: { ...external, "spec.externalName": "example.com." },
    refuses: [
      refused({ "spec.type": "ExternalName" }, required("spec.externalName")),
      refused({ "spec.type": "ExternalName", "spec.externalName": "." }, required("spec.externalName")),
      refused(
        { ...external, "spec.externalName": "example.com.." },
        invalid("spec.externalName", "example.com.", notDNSSubdomain),
      ),
    ],
  },
];

const ports: readonly Rule[] = [
  {
    says: "several ports have names, each its own",
    accepts: {
      "spec.ports": [
        { port: 1, name: "a" },
        { port: 2, name: "b" },
      ],
    },
    refuses: [
      refused({ "spec.ports[1]": { port: 2, name: "b" } }, required("spec.ports[0].name")),
      refused(
        {
          "spec.ports": [
            { port: 1, name: "a" },
            { port: 2, name: "a" },
          ],
        },
        duplicate("spec.ports[1].name", "a"),
      ),
    ],
  },
  {
    says: "the name of a port is a label",
    accepts: { "spec.ports[0].name": "x".repeat(63) },
    refuses: [
      refused(
        { "spec.ports[0].name": "x".repeat(64) },
        invalid("spec.ports[0].name", "x".repeat(64), "must be no more than 63 characters"),
      ),
      refused({ "spec.ports[0].name": "A" }, invalid("spec.ports[0].name", "A", notDNSLabel)),
      refused({ "spec.ports[0].name": "a.b" }, invalid("spec.ports[0].name", "a.b", dotsInLabel)),
    ],
  },
  {
    says: "a port is between 1 and 65535",
    accepts: [{ "spec.ports[0].port": 1 }, { "spec.ports[0].port": 65535 }],
    refuses: [0, 65536].map((port) =>
      refused({ "spec.ports[0]": { port, targetPort: 1 } }, invalid("spec.ports[0].port", port, notPortNumber)),
    ),
  },
  {
    says: "the protocol is one of three",
    accepts: [{ "spec.ports[0].protocol": "UDP" }, { "spec.ports[0].protocol": "SCTP" }],
    refuses: refused(
      { "spec.ports[0].protocol": "tcp" },
      notSupported("spec.ports[0].protocol", "tcp", ["SCTP", "TCP", "UDP"]),
    ),
  },
  {
    says: "the target is a port or the name of one",
    accepts: [65535, "x".repeat(15), "9-a"].map((targetPort) => ({ "spec.ports[0].targetPort": targetPort })),
    refuses: [
      refused({ "spec.ports[0].targetPort": 65536 }, invalid("spec.ports[0].targetPort", 65536, notPortNumber)),
      refused(
        { "spec.ports[0].targetPort": "x".repeat(16) },
        invalid("spec.ports[0].targetPort", "x".repeat(16), portName.long),
      ),
      refused(
        { "spec.ports[0].targetPort": "-A--1-" },
        invalid("spec.ports[0].targetPort", "-A--1-", portName.characters),
        invalid("spec.ports[0].targetPort", "-A--1-", portName.letter),
        invalid("spec.ports[0].targetPort", "-A--1-", portName.hyphens),
        invalid("spec.ports[0].targetPort", "-A--1-", portName.ends),
      ),
    ],
  },
  {
    says: "the application's protocol is named like a label's key",
    accepts: [{ "spec.ports[0].appProtocol": "a.b/C_d" }, { "spec.ports[0].appProtocol": "x".repeat(63) }],
    refuses: [
      refused({ "spec.ports[0].appProtocol": "a/b/c" }, invalid("spec.ports[0].appProtocol", "a/b/c", twoSlashes)),
      refused(
        { "spec.ports[0].appProtocol": "x".repeat(64) },
        invalid("spec.ports[0].appProtocol", "x".repeat(64), longName),
      ),
      refused(
        { "spec.ports[0].appProtocol": `${"x".repeat(254)}/-` },
        invalid("spec.ports[0].appProtocol", `${"x".repeat(254)}/-`, longPrefix),
        invalid("spec.ports[0].appProtocol", `${"x".repeat(254)}/-`, notQualifiedName),
      ),
    ],
  },
  {
    says: "a ClusterIP service has no ports of nodes",
    accepts: { "spec.type": "NodePort", "spec.ports[0].nodePort": 30080 },
    refuses: refused(
      { "spec.ports[0].nodePort": 30080 },
      forbidden("spec.ports[0].nodePort", "may not be used when `type` is 'ClusterIP'"),
    ),
  },
  {
    says: "a port stands once for each protocol, and so does a port of nodes",
    accepts: {
      "spec.type": "NodePort",
      "spec.ports": [
        { name: "a", port: 80, protocol: "TCP", nodePort: 30080 },
        { name: "b", port: 80, protocol: "UDP", nodePort: 30080 },
      ],
    },
    refuses: [
      refused(
        {
          "spec.type": "NodePort",
          "spec.ports": [
            { name: "a", port: 80, nodePort: 30080 },
            { name: "b", port: 80, nodePort: 30080 },
          ],
        },
        duplicate("spec.ports[1].nodePort", 30080),
        duplicate("spec.ports[1]", shownPort("TCP", 80)),
      ),
      refused(
        {
          "spec.ports": [
            { name: "a", port: 80 },
            { name: "b", port: 80 },
          ],
        },
        duplicate("spec.ports[1]", shownPort("TCP", 80)),
      ),
    ],
  },
];

const others: readonly Rule[] = [
  {
    says: "the two annotations of topology agree",
    accepts: { [hints]: "Auto", [mode]: "Auto" },
    refuses: refused(
      { [hints]: "Auto", [mode]: "auto" },
      invalid(
        "metadata.annotations[service.kubernetes.io/topology-mode]",
        "auto",
        "must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified",
      ),
    ),
  },
  {
    says: "the selector is of labels",
    accepts: { "spec.selector[a.b/C]": "" },
    refuses: [
      refused({ "spec.selector[-]": "" }, invalid("spec.selector", "-", notQualifiedName)),
      refused({ "spec.selector.a": "-" }, invalid("spec.selector", "-", notLabelValue)),
    ],
  },
  {
    says: "clients stick to an endpoint or do not",
    accepts: { "spec.sessionAffinity": "ClientIP" },
    refuses: refused(
      { "spec.sessionAffinity": "clientIP" },
      notSupported("spec.sessionAffinity", "clientIP", ["ClientIP", "None"]),
    ),
  },
  {
    says: "a client sticks to an endpoint for a day at most",
    accepts: [1, 86400].map((timeoutSeconds) => ({
      "spec.sessionAffinity": "ClientIP",
      "spec.sessionAffinityConfig": { clientIP: { timeoutSeconds } },
    })),
    refuses: [0, 86401].map((timeoutSeconds) =>
      refused(
        { "spec.sessionAffinity": "ClientIP", "spec.sessionAffinityConfig": { clientIP: { timeoutSeconds } } },
        invalid(
          "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
          timeoutSeconds,
          "must be greater than 0 and less than 86400",
        ),
      ),
    ),
  },
];

export const service: KindRules = {
  group: "",
  kind: "Service",
  path: servicePath,
  valid: { metadata: { name: "rules" }, spec: { ports: [{ port: 80 }] } },
  create: [...types, ...ports, ...others],
};
