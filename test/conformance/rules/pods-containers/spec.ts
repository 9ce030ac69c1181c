import {
  dotsInLabel,
  emptyName,
  longerThan,
  notDNSLabel,
  notDNSSubdomain,
  notIP,
  notQualifiedName,
  outside,
} from "../messages.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidShown,
  type Json,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";
import { pod, podTemplate } from "./pod.ts";

const dns = "spec.dnsConfig";
const search = `${dns}.searches`;
const servers = (...addresses: readonly string[]) => ({ [`${dns}.nameservers`]: addresses });
const searches = (...names: readonly string[]) => ({ [search]: names });
const notSearch =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
const tooWide = "must not have more than 2048 characters (including spaces) in the search list";
/** Eight names of so many characters in all, spaces counted. */
const wide = (length: number) => {
  const names = Array.from({ length: 7 }, () => `${"a".repeat(249)}`);
  return [...names, "b".repeat(length - 7 * 250)];
};

function nameRule(says: string, place: string): Rule {
  return {
    says,
    accepts: [{ [place]: "a.b" }, { [place]: "a".repeat(253) }],
    refuses: [
      refused({ [place]: "A" }, invalid(place, "A", notDNSSubdomain)),
      refused({ [place]: "a".repeat(254) }, invalid(place, "a".repeat(254), longerThan(253))),
    ],
  };
}

function labelRule(says: string, place: string): Rule {
  return {
    says,
    accepts: [{ [place]: "" }, { [place]: "a".repeat(63) }],
    refuses: [
      refused({ [place]: "A" }, invalid(place, "A", notDNSLabel)),
      refused({ [place]: "a.b" }, invalid(place, "a.b", dotsInLabel)),
      refused({ [place]: "a".repeat(64) }, invalid(place, "a".repeat(64), longerThan(63))),
    ],
  };
}

const claims = (...list: readonly Json[]) => ({ "spec.resourceClaims": list });
const claim = "spec.resourceClaims[0]";
const shownClaim = (one: Json, template: Json) =>
  JSON.stringify({ Name: "a", ResourceClaimName: one, ResourceClaimTemplateName: template });
const alias = (more: JsonObject) => ({ "spec.hostAliases[0]": { ip: "10.0.0.1", ...more } });
const ofHost = "spec.hostnameOverride";
const long = `${"a".repeat(63)}.${"b".repeat(63)}`;

export const podSpec: KindRules = {
  ...pod,
  create: [
    {
      says: "names are looked up as the pod says",
      accepts: ["ClusterFirstWithHostNet", "ClusterFirst", "Default"].map((policy) => ({ "spec.dnsPolicy": policy })),
      refuses: refused(
        { "spec.dnsPolicy": "Other" },
        notSupported("spec.dnsPolicy", "Other", ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
      ),
    },
    {
      says: "who looks names up in no usual way says where",
      accepts: { "spec.dnsPolicy": "None", ...servers("10.0.0.1") },
      refuses: [
        refused({ "spec.dnsPolicy": "None" }, required(dns, "must provide `dnsConfig` when `dnsPolicy` is None")),
        refused(
          { "spec.dnsPolicy": "None", [dns]: {} },
          required(`${dns}.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None"),
        ),
      ],
    },
    {
      says: "a pod has three servers of names at most",
      accepts: servers("10.0.0.1", "10.0.0.2", "::1"),
      refuses: [
        refused(
          servers("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"),
          invalid(
            `${dns}.nameservers`,
            ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"],
            "must not have more than 3 nameservers",
          ),
        ),
        refused(servers("a"), invalid(`${dns}.nameservers[0]`, "a", notIP.form)),
        refused(servers("10.0.0.01"), invalid(`${dns}.nameservers[0]`, "10.0.0.01", notIP.zeros)),
        refused(servers("::ffff:10.0.0.1"), invalid(`${dns}.nameservers[0]`, "::ffff:10.0.0.1", notIP.mapped)),
      ],
    },
    {
      says: "a pod searches 32 domains at most",
      accepts: searches(...Array.from({ length: 32 }, () => "a")),
      refuses: refused(
        searches(...Array.from({ length: 33 }, () => "a")),
        invalid(
          search,
          Array.from({ length: 33 }, () => "a"),
          "must not have more than 32 search paths",
        ),
      ),
    },
    {
      says: "all domains that a pod searches have 2048 characters at most",
      accepts: searches(...wide(1998)),
      refuses: refused(
        searches(...wide(2000), "c".repeat(48)),
        invalid(search, [...wide(2000), "c".repeat(48)], tooWide),
      ),
    },
    {
      says: "a domain that a pod searches is one",
      accepts: searches(".", "a.b.", "_a._b-c"),
      refuses: [
        refused(searches("A"), invalid(`${search}[0]`, "A", notSearch)),
        refused(searches("a", "a..b"), invalid(`${search}[1]`, "a..b", notSearch)),
        refused(searches("a.B."), invalid(`${search}[0]`, "a.B", notSearch)),
        refused(searches("a".repeat(254)), invalid(`${search}[0]`, "a".repeat(254), longerThan(253))),
      ],
    },
    {
      says: "an option of looking names up has a name",
      accepts: { [`${dns}.options`]: [{ name: "a" }] },
      refuses: refused({ [`${dns}.options`]: [{ value: "a" }] }, required(`${dns}.options[0]`, "must not be empty")),
    },
    {
      says: "a node is chosen by labels",
      accepts: { "spec.nodeSelector": { "a.b/c": "d", e: "" } },
      refuses: refused({ "spec.nodeSelector": { "a b": "c" } }, invalid("spec.nodeSelector", "a b", notQualifiedName)),
    },
    {
      says: "a condition of readiness has a name",
      accepts: { "spec.readinessGates": [{ conditionType: "a.b/c" }] },
      refuses: [
        refused(
          { "spec.readinessGates": [{ conditionType: "a b" }] },
          invalid("spec.readinessGates[0].conditionType", "a b", notQualifiedName),
        ),
        refused(
          { "spec.readinessGates": [{}] },
          invalid("spec.readinessGates[0].conditionType", "", emptyName),
          invalid("spec.readinessGates[0].conditionType", "", notQualifiedName),
        ),
      ],
    },
    nameRule("a node has a name", "spec.nodeName"),
    {
      says: "the time a pod has is positive, and of 31 bits",
      accepts: [{ "spec.activeDeadlineSeconds": 1 }, { "spec.activeDeadlineSeconds": 2 ** 31 - 1 }],
      refuses: [0, 2 ** 31].map((seconds) =>
        refused(
          { "spec.activeDeadlineSeconds": seconds },
          invalid("spec.activeDeadlineSeconds", seconds, outside(1, 2 ** 31 - 1)),
        ),
      ),
    },
    labelRule("the name of a pod's host is a label", "spec.hostname"),
    labelRule("the domain below the service is a label", "spec.subdomain"),
    {
      says: "a name of a host has an address",
      accepts: [alias({ hostnames: ["a.b"] }), alias({ ip: "::1" })],
      refuses: [
        refused(alias({ ip: "" }), invalid("spec.hostAliases[0].ip", "", notIP.form)),
        refused(alias({ ip: "010.0.0.1" }), invalid("spec.hostAliases[0].ip", "010.0.0.1", notIP.zeros)),
        refused(alias({ ip: "::ffff:10.0.0.1" }), invalid("spec.hostAliases[0].ip", "::ffff:10.0.0.1", notIP.mapped)),
        refused(alias({ hostnames: ["a", "B"] }), invalid("spec.hostAliases[0].hostnames[1]", "B", notDNSSubdomain)),
      ],
    },
    {
      says: "a name in the place of the host's has 64 characters at most",
      accepts: [{ [ofHost]: "a.b" }, { [ofHost]: long.slice(0, 64).replace(/\.$/, "b") }],
      refuses: [
        refused({ [ofHost]: long.slice(0, 65) }, tooLong(ofHost, "may not be more than 64 bytes")),
        refused({ [ofHost]: "A" }, invalid(ofHost, "A", notDNSSubdomain)),
        refused({ [ofHost]: "" }, invalid(ofHost, "", notDNSSubdomain)),
      ],
    },
    {
      says: "a name in the place of the host's is not the host's nor made of the pod's",
      accepts: { [ofHost]: "a", "spec.setHostnameAsFQDN": false },
      refuses: [
        refused(
          { [ofHost]: "a", "spec.setHostnameAsFQDN": true },
          forbidden(ofHost, "may not be specified when setHostnameAsFQDN is true"),
        ),
        refused(
          { [ofHost]: "a", "spec.hostNetwork": true },
          forbidden(ofHost, "may not be specified when hostNetwork is true"),
        ),
      ],
    },
    {
      says: "a pod is of Linux or Windows",
      accepts: [{ "spec.os.name": "linux" }, { "spec.os.name": "windows" }],
      refuses: [
        refused({ "spec.os": {} }, required("spec.os.name")),
        refused({ "spec.os.name": "plan9" }, notSupported("spec.os", "plan9", ["linux", "windows"])),
      ],
    },
    {
      says: "what a pod claims has a name that nothing else has",
      accepts: claims({ name: "a", resourceClaimName: "c" }, { name: "b", resourceClaimName: "c" }),
      refuses: [
        refused(claims({ resourceClaimName: "c" }), required(`${claim}.name`)),
        refused(claims({ name: "A", resourceClaimName: "c" }), invalid(`${claim}.name`, "A", notDNSLabel)),
        refused(
          claims({ name: "a", resourceClaimName: "c" }, { name: "a", resourceClaimName: "d" }),
          duplicate("spec.resourceClaims[1].name", "a"),
        ),
      ],
    },
    {
      says: "a claim is one, or is made from a template",
      accepts: [
        claims({ name: "a", resourceClaimName: "a.b" }),
        claims({ name: "a", resourceClaimTemplateName: "a.b" }),
      ],
      refuses: [
        refused(
          claims({ name: "a", resourceClaimName: "b", resourceClaimTemplateName: "c" }),
          invalidShown(
            claim,
            shownClaim("b", "c"),
            "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified",
          ),
        ),
        refused(
          claims({ name: "a" }),
          invalidShown(
            claim,
            shownClaim(null, null),
            "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
          ),
        ),
        refused(
          claims({ name: "a", resourceClaimName: "B" }),
          invalid(`${claim}.resourceClaimName`, "B", notDNSSubdomain),
        ),
        refused(
          claims({ name: "a", resourceClaimTemplateName: "" }),
          invalid(`${claim}.resourceClaimTemplateName`, "", notDNSSubdomain),
        ),
      ],
    },
    {
      says: "a pod that a kubelet reads from a file claims nothing",
      accepts: { "metadata.annotations[kubernetes.io/config.mirror]": "a", "spec.nodeName": "a" },
      refuses: refused(
        {
          "metadata.annotations[kubernetes.io/config.mirror]": "a",
          "spec.nodeName": "a",
          ...claims({ name: "a", resourceClaimName: "b" }),
        },
        forbidden("[]", "static pods do not support resource claims"),
      ),
    },
    {
      says: "what is wrong is told in upstream's order",
      accepts: {},
      refuses: refused(
        {
          "spec.activeDeadlineSeconds": 0,
          "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution": {},
          "spec.containers": [],
          "spec.dnsPolicy": "None",
          "spec.hostAliases": [{ ip: "a" }],
          "spec.hostname": "A",
          "spec.hostnameOverride": "",
          "spec.nodeName": "A",
          "spec.nodeSelector": { "a b": "c" },
          "spec.os.name": "plan9",
          "spec.readinessGates": [{ conditionType: "a b" }],
          "spec.schedulingGates": [{ name: "a b" }],
          "spec.securityContext.runAsUser": -1,
          "spec.subdomain": "A",
          "spec.tolerations": [{}],
          "spec.topologySpreadConstraints": [{ maxSkew: 0, topologyKey: "a", whenUnsatisfiable: "DoNotSchedule" }],
        },
        required("spec.containers"),
        invalid("spec.nodeSelector", "a b", notQualifiedName),
        invalid("spec.securityContext.runAsUser", -1, outside(0, 2 ** 31 - 1)),
        required(
          "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
          "must have at least one node selector term",
        ),
        required(dns, "must provide `dnsConfig` when `dnsPolicy` is None"),
        invalid("spec.readinessGates[0].conditionType", "a b", notQualifiedName),
        invalid("spec.schedulingGates[0]", "a b", notQualifiedName),
        invalid("spec.topologySpreadConstraints[0].maxSkew", 0, "must be greater than zero"),
        invalid(ofHost, "", notDNSSubdomain),
        invalid("spec.nodeName", "A", notDNSSubdomain),
        invalid("spec.activeDeadlineSeconds", 0, outside(1, 2 ** 31 - 1)),
        invalid("spec.hostname", "A", notDNSLabel),
        invalid("spec.subdomain", "A", notDNSLabel),
        invalid(
          "spec.tolerations[0].operator",
          "",
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
        invalid("spec.hostAliases[0].ip", "a", notIP.form),
        notSupported("spec.os", "plan9", ["linux", "windows"]),
        forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"),
      ),
    },
  ],
};

/** What admission refuses in pods, or fills in. */
export const templateSpec: KindRules = {
  ...podTemplate,
  create: [
    nameRule("a service account has a name", "template.spec.serviceAccountName"),
    nameRule("a class of priority has a name", "template.spec.priorityClassName"),
    {
      says: "a class of run times has a name",
      accepts: { "template.spec.runtimeClassName": "a.b" },
      refuses: ["A", ""].map((name) =>
        refused(
          { "template.spec.runtimeClassName": name },
          invalid("template.spec.runtimeClassName", name, notDNSSubdomain),
        ),
      ),
    },
    {
      says: "a pod takes the place of others, or never",
      accepts: ["PreemptLowerPriority", "Never"].map((policy) => ({ "template.spec.preemptionPolicy": policy })),
      refuses: [
        refused({ "template.spec.preemptionPolicy": "" }, required("template.spec.preemptionPolicy")),
        refused(
          { "template.spec.preemptionPolicy": "Always" },
          notSupported("template.spec.preemptionPolicy", "Always", ["PreemptLowerPriority", "Never"]),
        ),
      ],
    },
  ],
};
