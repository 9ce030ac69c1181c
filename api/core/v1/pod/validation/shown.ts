import type {
  NodeSelectorTerm,
  PodResourceClaim,
  SeccompProfile,
  SecurityContext,
} from "../../../../generated/types/core-v1.ts";

// Where a message shows a whole object, upstream prints its internal type: every field, in the order of its declaration, by
// its name in Go (pkg/apis/core/types.go).

interface Field {
  readonly go: string;
  readonly json: string;
  /** What stands for a field that is not set. */
  readonly absent: null | "";
  readonly shape?: Shape;
}
type Shape = readonly Field[];
type Shown = null | string | number | boolean | readonly Shown[] | { readonly [name: string]: Shown };

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const pointer = (go: string, json = lowerFirst(go)): Field => ({ go, json, absent: null });
const text = (go: string): Field => ({ go, json: lowerFirst(go), absent: "" });
const nested = (shape: Shape, go: string, json = lowerFirst(go)): Field => ({ go, json, absent: null, shape });

const profile: Shape = [text("Type"), pointer("LocalhostProfile")];
const windowsOptions: Shape = [
  pointer("GMSACredentialSpecName", "gmsaCredentialSpecName"),
  pointer("GMSACredentialSpec", "gmsaCredentialSpec"),
  pointer("RunAsUserName"),
  pointer("HostProcess"),
];
const securityContext: Shape = [
  nested([pointer("Add"), pointer("Drop")], "Capabilities"),
  pointer("Privileged"),
  nested([text("User"), text("Role"), text("Type"), text("Level")], "SELinuxOptions", "seLinuxOptions"),
  nested(windowsOptions, "WindowsOptions"),
  pointer("RunAsUser"),
  pointer("RunAsGroup"),
  pointer("RunAsNonRoot"),
  pointer("ReadOnlyRootFilesystem"),
  pointer("AllowPrivilegeEscalation"),
  pointer("ProcMount"),
  nested(profile, "SeccompProfile"),
  nested(profile, "AppArmorProfile"),
];
const claim: Shape = [text("Name"), pointer("ResourceClaimName"), pointer("ResourceClaimTemplateName")];
const requirement: Shape = [text("Key"), text("Operator"), pointer("Values")];
const term: Shape = [nested(requirement, "MatchExpressions"), nested(requirement, "MatchFields")];

function show(shape: Shape, value: unknown): Shown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => show(shape, item));
  const object = value as Readonly<Record<string, Shown | undefined>>;
  return Object.fromEntries(
    shape.map(({ go, json, absent, shape: inner }) => {
      if (inner !== undefined) return [go, show(inner, object[json])];
      return [go, object[json] ?? absent];
    }),
  );
}

export const shownSecurityContext = (context: SecurityContext): Shown => show(securityContext, context);
export const shownSeccompProfile = (one: SeccompProfile): Shown => show(profile, one);
export const shownPodClaim = (one: PodResourceClaim): Shown => show(claim, one);
/** A list is null where it is not set. */
export const shownNodeTerms = (terms: readonly NodeSelectorTerm[] | undefined): Shown => show(term, terms);
export const shownNodeTerm = (one: NodeSelectorTerm): Shown => show(term, one);
