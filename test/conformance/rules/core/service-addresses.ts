import { notIP } from "../messages.ts";
import { duplicate, invalid, type KindRules, notSupported, type Rule, refused } from "../rule.ts";
import { headless, servicePath } from "./service.ts";

// Addresses and families of services: pkg/apis/core/validation/validation.go ValidateServiceClusterIPsRelatedFields,
// validateUpgradeDowngrade…, pkg/registry/core/service/storage/alloc.go initIPFamilyFields.

const one = "10.96.0.9";
const other = "10.96.0.10";
const six = "fd00:10:96::9";
/** The address alone and in the list. */
const addresses = (...ips: readonly string[]) => ({ "spec.clusterIP": ips[0]!, "spec.clusterIPs": ips });
const fixed = "may not change once set";
const severalIPs = "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified";
const severalFamilies = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";

const form: readonly Rule[] = [
  {
    says: "the address is the first of the addresses",
    accepts: [{ "spec.clusterIP": one }, addresses(one)],
    refuses: [
      refused(
        { ...addresses(one), "spec.clusterIP": other },
        invalid("spec.clusterIPs", [one], "first value must match `clusterIP`"),
      ),
      refused(
        { "spec.clusterIPs": [one] },
        invalid("spec.clusterIPs", [one], "must be empty when `clusterIP` is not specified"),
      ),
    ],
  },
  {
    says: "an address of the cluster is an address",
    accepts: [{ "spec.clusterIP": one }, headless],
    refuses: [
      refused({ "spec.clusterIP": "a" }, invalid("spec.clusterIPs[0]", "a", notIP.form)),
      refused({ "spec.clusterIP": "10.96.0.09" }, invalid("spec.clusterIPs[0]", "10.96.0.09", notIP.zeros)),
      refused({ "spec.clusterIP": `::ffff:${one}` }, invalid("spec.clusterIPs[0]", `::ffff:${one}`, notIP.mapped)),
      refused(addresses(one, "None"), invalid("spec.clusterIPs[1]", "None", notIP.form)),
    ],
  },
  {
    says: "no address stands alone",
    accepts: headless,
    refuses: refused(
      addresses("None", one),
      invalid("spec.clusterIPs", ["None", one], "'None' must be the first and only value"),
    ),
  },
  {
    says: "there are two addresses at most, each of another family",
    accepts: { "spec.clusterIP": one },
    refuses: [
      refused(
        addresses(one, six, other),
        invalid("spec.clusterIPs", [one, six, other], "may only hold up to 2 values"),
      ),
      refused(
        addresses(one, other),
        invalid("spec.clusterIPs", [one, other], "may specify no more than one IP for each IP family"),
      ),
    ],
  },
  {
    says: "a family is one of two, and stands once",
    accepts: { "spec.ipFamilies": ["IPv4"] },
    refuses: [
      refused({ "spec.ipFamilies": ["ipv4"] }, notSupported("spec.ipFamilies[0]", "ipv4", ["IPv4", "IPv6"])),
      refused({ "spec.ipFamilies": ["IPv4", "IPv4"] }, duplicate("spec.ipFamilies[1]", "IPv4")),
    ],
  },
  {
    says: "the policy of families is one of three",
    accepts: ["SingleStack", "PreferDualStack"].map((policy) => ({ "spec.ipFamilyPolicy": policy })),
    refuses: refused(
      { "spec.ipFamilyPolicy": "DualStack" },
      notSupported("spec.ipFamilyPolicy", "DualStack", ["PreferDualStack", "RequireDualStack", "SingleStack"]),
    ),
  },
  {
    says: "an address is of the family at its place",
    accepts: { "spec.clusterIP": one, "spec.ipFamilies": ["IPv4"] },
    refuses: [
      refused(
        { "spec.clusterIP": one, "spec.ipFamilies": ["IPv6"] },
        invalid("spec.clusterIPs[0]", one, "expected an IPv6 value as indicated by `ipFamilies[0]`"),
      ),
      refused(
        { "spec.clusterIP": six, "spec.ipFamilies": ["IPv4"] },
        invalid("spec.clusterIPs[0]", six, "expected an IPv4 value as indicated by `ipFamilies[0]`"),
      ),
    ],
  },
];

const oneFamily: readonly Rule[] = [
  {
    says: "the cluster has the family, unless somebody else writes the endpoints",
    accepts: [{ "spec.ipFamilies": ["IPv4"] }, { ...headless, "spec.ipFamilies": ["IPv6"] }],
    refuses: [
      refused(
        { "spec.clusterIP": six },
        invalid("spec.clusterIPs[0]", [six], "IPv6 is not configured on this cluster"),
      ),
      refused({ "spec.ipFamilies": ["IPv6"] }, invalid("spec.ipFamilies[0]", "IPv6", "not configured on this cluster")),
    ],
  },
  {
    says: "a cluster of one family gives no two",
    accepts: [{ "spec.ipFamilyPolicy": "PreferDualStack" }, { ...headless, "spec.ipFamilyPolicy": "RequireDualStack" }],
    refuses: refused(
      { "spec.ipFamilyPolicy": "RequireDualStack" },
      invalid("spec.ipFamilyPolicy", "RequireDualStack", "this cluster is not configured for dual-stack services"),
    ),
  },
];

const changes: readonly Rule[] = [
  {
    says: "the address stays",
    stored: { "spec.clusterIP": one },
    accepts: [{ "spec.clusterIP": "" }, { "spec.type": "ExternalName", "spec.externalName": "example.com" }],
    refuses: [
      refused({ "spec.clusterIP": other }, invalid("spec.clusterIPs[0]", [other], fixed)),
      refused(headless, invalid("spec.clusterIPs[0]", ["None"], fixed)),
      refused(addresses(other), invalid("spec.clusterIPs[0]", [other], fixed)),
    ],
  },
];

const rules = { group: "", kind: "Service", path: servicePath };

export const serviceAddresses: KindRules = {
  ...rules,
  valid: { metadata: { name: "rules-addresses" }, spec: { ports: [{ port: 80 }] } },
  create: [...form, ...oneFamily],
  update: changes,
};

const dualCreate: readonly Rule[] = [
  {
    says: "several addresses or families need a policy that has several",
    accepts: [
      { ...addresses(one, six), "spec.ipFamilyPolicy": "PreferDualStack" },
      { "spec.ipFamilies": ["IPv6", "IPv4"], "spec.ipFamilyPolicy": "RequireDualStack" },
    ],
    refuses: [
      refused(
        { ...addresses(one, six), "spec.ipFamilyPolicy": "SingleStack" },
        invalid("spec.ipFamilyPolicy", "SingleStack", severalIPs),
      ),
      refused({ "spec.ipFamilies": ["IPv4", "IPv6"] }, invalid("spec.ipFamilyPolicy", "SingleStack", severalFamilies)),
    ],
  },
];

const dualUpdate: readonly Rule[] = [
  {
    says: "the second address and the second family go with the policy alone",
    stored: { ...addresses(one, six), "spec.ipFamilyPolicy": "RequireDualStack" },
    accepts: [
      { "spec.ipFamilyPolicy": "SingleStack" },
      { ...addresses(one), "spec.ipFamilies": ["IPv4"], "spec.ipFamilyPolicy": "SingleStack" },
    ],
    refuses: [
      refused(
        addresses(one),
        invalid("spec.ipFamilyPolicy", "RequireDualStack", "must be 'SingleStack' to release the secondary cluster IP"),
      ),
      refused(
        { "spec.ipFamilies": ["IPv4"] },
        invalid("spec.ipFamilyPolicy", "RequireDualStack", "must be 'SingleStack' to release the secondary IP family"),
      ),
      refused(
        { ...addresses(other), "spec.ipFamilies": ["IPv4"], "spec.ipFamilyPolicy": "SingleStack" },
        invalid("spec.clusterIPs[0]", [other], fixed),
      ),
      refused(
        { ...addresses(six), "spec.ipFamilies": ["IPv6"], "spec.ipFamilyPolicy": "SingleStack" },
        invalid("spec.clusterIPs[0]", [six], fixed),
        invalid("spec.ipFamilies[0]", [six], fixed),
      ),
    ],
  },
  {
    says: "families stay in their order",
    stored: { ...addresses(one, six), "spec.ipFamilyPolicy": "RequireDualStack" },
    accepts: { "metadata.labels.a": "b" },
    refuses: refused(
      { ...addresses(six, one), "spec.ipFamilies": ["IPv6", "IPv4"] },
      invalid("spec.clusterIPs[0]", [six, one], fixed),
      invalid("spec.clusterIPs[1]", [six, one], fixed),
      invalid("spec.ipFamilies[0]", ["IPv6", "IPv4"], fixed),
      invalid("spec.ipFamilies[0]", ["IPv6", "IPv4"], fixed),
    ),
  },
  {
    says: "a second family comes behind the first",
    stored: { "spec.clusterIP": one },
    accepts: [
      { "spec.ipFamilyPolicy": "PreferDualStack" },
      { ...addresses(one, six), "spec.ipFamilyPolicy": "RequireDualStack" },
    ],
    refuses: [
      refused(
        { ...addresses(other, six), "spec.ipFamilyPolicy": "RequireDualStack" },
        invalid("spec.clusterIPs[0]", [other, six], fixed),
      ),
      refused(
        { ...addresses(six, other), "spec.ipFamilies": ["IPv6", "IPv4"], "spec.ipFamilyPolicy": "RequireDualStack" },
        invalid("spec.clusterIPs[0]", [six, other], fixed),
        invalid("spec.ipFamilies[0]", [six, other], fixed),
      ),
    ],
  },
];

export const serviceFamilies: KindRules = {
  ...rules,
  dualStack: true,
  valid: { metadata: { name: "rules-families" }, spec: { ports: [{ port: 80 }] } },
  create: dualCreate,
  update: dualUpdate,
};
