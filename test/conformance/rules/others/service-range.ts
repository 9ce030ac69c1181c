import { notCanonical, notCIDR, notDNSSubdomain, notIP } from "../messages.ts";
import { invalid, type KindRules, refused, required } from "../rule.ts";

// Ranges and addresses of services as objects: pkg/apis/networking/validation/validation.go ValidateServiceCIDR,
// ValidateIPAddress and their updates.

const group = "networking.k8s.io";
const cidrs = "spec.cidrs";
const one = "198.18.0.0/24";
const six = "2001:db8::/64";
const twoFamilies = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
const immutable = "field is immutable";

export const serviceCIDR: KindRules = {
  group,
  kind: "ServiceCIDR",
  path: `/apis/${group}/v1/servicecidrs`,
  valid: { metadata: { name: "rules" }, spec: { cidrs: [one] } },
  create: [
    {
      says: "there are one or two ranges",
      accepts: { [cidrs]: [six] },
      refuses: [
        refused({ [cidrs]: [] }, required(cidrs, "at least one CIDR required")),
        refused(
          { [cidrs]: [one, six, one] },
          invalid(cidrs, { CIDRs: [one, six, one] }, "may only hold up to 2 values"),
        ),
      ],
    },
    {
      says: "a range is one, in its canonical form",
      accepts: { [cidrs]: [one, six] },
      refuses: [
        ["a", notCIDR.form],
        ["2001:db8::/064", notCIDR.zeros],
        ["::ffff:198.18.0.0/120", notCIDR.mapped],
        ["2001:db8::1/64", notCIDR.bits],
        ["2001:DB8::/64", notCanonical("2001:db8::/64")],
      ].map(([range, detail]) => refused({ [cidrs]: [range!] }, invalid(`${cidrs}[0]`, range!, detail!))),
    },
    {
      says: "two ranges are of two families",
      accepts: { [cidrs]: [six, one] },
      refuses: refused({ [cidrs]: [one, "198.18.1.0/24"] }, invalid(cidrs, [one, "198.18.1.0/24"], twoFamilies)),
    },
  ],
  update: [
    {
      says: "a range stays",
      accepts: { "metadata.labels.a": "b" },
      refuses: [
        refused({ [cidrs]: ["198.18.1.0/24"] }, invalid(`${cidrs}[0]`, "198.18.1.0/24", immutable)),
        refused({ [cidrs]: [] }, invalid(cidrs, [], immutable)),
        refused({ [cidrs]: [one, six, one] }, invalid(cidrs, [one, six, one], immutable)),
      ],
    },
    {
      says: "a range of the other family may come, once",
      accepts: { [cidrs]: [one, six] },
      refuses: [
        refused({ [cidrs]: ["198.18.1.0/24", six] }, invalid(`${cidrs}[0]`, "198.18.1.0/24", immutable)),
        refused({ [cidrs]: [one, "198.18.1.0/24"] }, invalid(cidrs, [one, "198.18.1.0/24"], twoFamilies)),
        refused({ [cidrs]: [one, "a"] }, invalid(`${cidrs}[1]`, "a", notCIDR.form)),
      ],
    },
    {
      says: "two ranges stay",
      stored: { [cidrs]: [one, six] },
      accepts: { "metadata.labels.a": "b" },
      refuses: refused({ [cidrs]: [one] }, invalid(cidrs, [one], immutable)),
    },
  ],
};

const parent = "spec.parentRef";
const name = "metadata.name";

export const ipAddress: KindRules = {
  group,
  kind: "IPAddress",
  path: `/apis/${group}/v1/ipaddresses`,
  valid: { metadata: { name: "192.0.2.1" }, spec: { parentRef: { resource: "services", namespace: "a", name: "b" } } },
  create: [
    {
      says: "the name is an address, in its canonical form",
      accepts: { [name]: "2001:db8::1" },
      refuses: [
        refused({ [name]: "a" }, invalid(name, "a", notIP.form)),
        refused({ [name]: "192.0.2.01" }, invalid(name, "192.0.2.01", notIP.zeros)),
        refused({ [name]: "::ffff:192.0.2.1" }, invalid(name, "::ffff:192.0.2.1", notIP.mapped)),
        refused({ [name]: "2001:DB8::1" }, invalid(name, "2001:DB8::1", notCanonical("2001:db8::1"))),
      ],
    },
    {
      says: "an address belongs to an object",
      accepts: { [parent]: { group: "a.b", resource: "c", name: "d" } },
      refuses: [
        refused({ spec: {} }, required(parent)),
        refused({ [parent]: {} }, required(`${parent}.resource`), required(`${parent}.name`)),
        refused({ [`${parent}.group`]: "A" }, invalid(`${parent}.group`, "A", notDNSSubdomain)),
        ...["resource", "name", "namespace"].map((field) =>
          refused(
            { [`${parent}.${field}`]: "a/b%" },
            invalid(`${parent}.${field}`, "a/b%", "may not contain '/'"),
            invalid(`${parent}.${field}`, "a/b%", "may not contain '%'"),
          ),
        ),
      ],
    },
  ],
  update: [
    {
      says: "the object stays",
      accepts: { "metadata.labels.a": "b" },
      refuses: [
        refused(
          { [`${parent}.name`]: "c" },
          invalid(parent, { Group: "", Resource: "services", Namespace: "a", Name: "c" }, immutable),
        ),
        refused({ [parent]: undefined }, invalid(parent, null, immutable)),
        refused(
          { [`${parent}.name`]: "" },
          invalid(parent, { Group: "", Resource: "services", Namespace: "a", Name: "" }, immutable),
        ),
      ],
    },
  ],
};
