import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { containsIP, parseCIDR } from "../../../apimachinery/net/ip.ts";
import { isValidCIDRForLegacyField } from "../../../apimachinery/validation/addresses.ts";
import { isValidPortName, isValidPortNum } from "../../../apimachinery/validation/formats.ts";
import { validateLabelSelector } from "../../../apimachinery/validation/label-fields.ts";
import type {
  IPBlock,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from "../../generated/types/networking-v1.ts";
import { addMessages, strictly } from "../../validation.ts";

// Rules: pkg/apis/networking/validation/validation.go ValidateNetworkPolicySpec and what it calls.

const specPath = path("spec");
const protocols = ["TCP", "UDP", "SCTP"];
const policyTypes = ["Ingress", "Egress"];

interface Leniency {
  readonly labels: { readonly allowInvalidLabelValue: boolean };
  /** Blocks that the stored policy has. */
  readonly cidrs: ReturnType<typeof strictly>;
}

export function policyErrors(spec: NetworkPolicySpec, old: NetworkPolicySpec | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  const allowInvalidLabelValue = old !== undefined && validateLabelSelector(old.podSelector, specPath).length > 0;
  const lenient: Leniency = { labels: { allowInvalidLabelValue }, cidrs: strictly(old && blocksOf(old)) };
  errors.push(...validateLabelSelector(spec.podSelector, specPath.child("podSelector"), lenient.labels));
  for (const [i, { ports, from }] of (spec.ingress ?? []).entries()) {
    addRuleErrors(errors, { ports, peers: from, direction: "from" }, specPath.child("ingress").index(i), lenient);
  }
  for (const [i, { ports, to }] of (spec.egress ?? []).entries()) {
    addRuleErrors(errors, { ports, peers: to, direction: "to" }, specPath.child("egress").index(i), lenient);
  }
  const types = spec.policyTypes ?? [];
  const typesPath = specPath.child("policyTypes");
  if (types.length > policyTypes.length) {
    errors.push(invalid(typesPath, types, "may not specify more than two policyTypes"));
    return errors;
  }
  for (const [i, type] of types.entries()) {
    if (!policyTypes.includes(type)) errors.push(notSupported(typesPath.index(i), type, policyTypes));
  }
  return errors;
}

function blocksOf({ ingress = [], egress = [] }: NetworkPolicySpec): readonly string[] {
  const peers = [...ingress.flatMap(({ from = [] }) => from), ...egress.flatMap(({ to = [] }) => to)];
  return peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : []));
}

interface Rule {
  readonly ports: readonly NetworkPolicyPort[] | undefined;
  readonly peers: readonly NetworkPolicyPeer[] | undefined;
  readonly direction: "from" | "to";
}

function addRuleErrors(
  errors: FieldError[],
  { ports = [], peers = [], direction }: Rule,
  place: Path,
  lenient: Leniency,
): void {
  for (const [i, port] of ports.entries()) addPortErrors(errors, port, place.child("ports").index(i));
  for (const [i, peer] of peers.entries()) addPeerErrors(errors, peer, place.child(direction).index(i), lenient);
}

function addPortErrors(errors: FieldError[], { protocol, port, endPort }: NetworkPolicyPort, place: Path): void {
  if (protocol !== undefined && !protocols.includes(protocol)) {
    errors.push(notSupported(place.child("protocol"), protocol, protocols));
  }
  const end = place.child("endPort");
  if (typeof port === "number") {
    addMessages(errors, isValidPortNum(port), place.child("port"), port);
    if (endPort === undefined) return;
    if (endPort < port) errors.push(invalid(end, port, "must be greater than or equal to `port`"));
    addMessages(errors, isValidPortNum(endPort), end, endPort);
    return;
  }
  if (endPort !== undefined) {
    const why = port === undefined ? "not specified" : "non-numeric";
    errors.push(invalid(end, endPort, `may not be specified when \`port\` is ${why}`));
  }
  if (port !== undefined) addMessages(errors, isValidPortName(port), place.child("port"), port);
}

function addPeerErrors(errors: FieldError[], peer: NetworkPolicyPeer, place: Path, lenient: Leniency): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  errors.push(...validateLabelSelector(podSelector, place.child("podSelector"), lenient.labels));
  errors.push(...validateLabelSelector(namespaceSelector, place.child("namespaceSelector"), lenient.labels));
  if (ipBlock) addBlockErrors(errors, ipBlock, place.child("ipBlock"), lenient);
  const selectors = podSelector !== undefined || namespaceSelector !== undefined;
  if (!selectors && !ipBlock) errors.push(required(place, "must specify a peer"));
  if (selectors && ipBlock) errors.push(forbidden(place, "may not specify both ipBlock and another peer"));
}

function addBlockErrors(errors: FieldError[], { cidr, except = [] }: IPBlock, place: Path, { cidrs }: Leniency): void {
  if (!cidr) {
    errors.push(required(place.child("cidr")));
    return;
  }
  errors.push(...isValidCIDRForLegacyField(place.child("cidr"), cidr, cidrs));
  const block = parseCIDR(cidr);
  if (block === undefined) return;
  for (const [i, text] of except.entries()) {
    const at = place.child("except").index(i);
    errors.push(...isValidCIDRForLegacyField(at, text, cidrs));
    const hole = parseCIDR(text);
    if (hole === undefined) continue;
    if (!containsIP(block, hole.network) || block.prefix >= hole.prefix) {
      errors.push(invalid(at, text, "must be a strict subset of `cidr`"));
    }
  }
}
