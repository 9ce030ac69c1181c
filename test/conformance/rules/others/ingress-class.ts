import { notDNSLabel, notDNSSubdomain } from "../messages.ts";
import { forbidden, invalid, type KindRules, notSupported, type Rule, refused, required, tooLong } from "../rule.ts";

// pkg/apis/networking/validation/validation.go ValidateIngressClass, ValidateIngressClassUpdate.

const controller = "spec.controller";
const notPath = 'must be a domain-prefixed path (such as "acme.io/foo")';
const notPathPart = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
const parameters = "spec.parameters";
const place = `${parameters}.namespace`;

const controllers: readonly Rule[] = [
  {
    says: "the controller has a domain and a path, 250 bytes at most",
    accepts: [{ [controller]: `a.b/${"x".repeat(246)}` }, { [controller]: "a/-._~%!$&'()*+,;=:/" }],
    refuses: [
      refused({ [controller]: "" }, required(controller)),
      ...["a", "a/", "/a"].map((text) => refused({ [controller]: text }, invalid(controller, text, notPath))),
      refused({ [controller]: `a.b/${"x".repeat(247)}` }, tooLong(controller, "may not be more than 250 bytes")),
      refused({ [controller]: "A/b" }, invalid(controller, "A", notDNSSubdomain)),
      refused({ [controller]: "a/é" }, invalid(controller, "é", notPathPart)),
    ],
  },
];

export const ingressClass: KindRules = {
  group: "networking.k8s.io",
  kind: "IngressClass",
  path: "/apis/networking.k8s.io/v1/ingressclasses",
  valid: { metadata: { name: "rules" }, spec: { controller: "example.com/a" } },
  create: [
    ...controllers,
    {
      says: "parameters have a kind and a name that fit into a path",
      accepts: { [parameters]: { apiGroup: "a.b", kind: "A", name: "b:c" } },
      refuses: [
        refused({ [parameters]: {} }, required(`${parameters}.kind`), required(`${parameters}.name`)),
        refused(
          { [parameters]: { apiGroup: "A", kind: "a/b%", name: "." } },
          invalid(`${parameters}.apiGroup`, "A", notDNSSubdomain),
          invalid(`${parameters}.kind`, "a/b%", "may not contain '/'"),
          invalid(`${parameters}.kind`, "a/b%", "may not contain '%'"),
          invalid(`${parameters}.name`, ".", "may not be '.'"),
        ),
      ],
    },
    {
      says: "parameters are in a namespace or of the whole cluster",
      accepts: { [parameters]: { kind: "A", name: "b", scope: "Cluster" } },
      refuses: refused(
        { [parameters]: { kind: "A", name: "b", scope: "" } },
        notSupported(`${parameters}.scope`, "", ["Cluster", "Namespace"]),
      ),
    },
    {
      says: "the namespace of parameters is told where they are in one",
      accepts: { [parameters]: { kind: "A", name: "b", scope: "Namespace", namespace: "a" } },
      refuses: [
        refused(
          { [parameters]: { kind: "A", name: "b", scope: "Namespace" } },
          required(place, "`parameters.scope` is set to 'Namespace'"),
        ),
        refused(
          { [parameters]: { kind: "A", name: "b", scope: "Namespace", namespace: "A" } },
          invalid(place, "A", notDNSLabel),
        ),
        refused(
          { [parameters]: { kind: "A", name: "b", namespace: "a" } },
          forbidden(place, "`parameters.scope` is set to 'Cluster'"),
        ),
      ],
    },
  ],
  update: [
    {
      says: "the controller stays",
      accepts: { [parameters]: { kind: "A", name: "b" } },
      refuses: [
        refused({ [controller]: "a/b" }, invalid(controller, "a/b", "field is immutable")),
        refused({ [controller]: undefined }, invalid(controller, "", "field is immutable"), required(controller)),
      ],
    },
  ],
};
