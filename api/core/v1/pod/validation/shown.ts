import type {
  NodeSelectorTerm,
  PodResourceClaim,
  SeccompProfile,
  SecurityContext,
} from "../../../../generated/types/core-v1.ts";
import { goShown, nested, pointer, type Shape, type Shown, text } from "../../../../go-shape.ts";

// Where a message shows a whole object, upstream prints its internal type: every field, in the order of its declaration, by
// its name in Go (pkg/apis/core/types.go).

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

export const shownSecurityContext = (context: SecurityContext): Shown => goShown(securityContext, context);
export const shownSeccompProfile = (one: SeccompProfile): Shown => goShown(profile, one);
export const shownPodClaim = (one: PodResourceClaim): Shown => goShown(claim, one);
/** A list is null where it is not set. */
export const shownNodeTerms = (terms: readonly NodeSelectorTerm[] | undefined): Shown => goShown(term, terms);
export const shownNodeTerm = (one: NodeSelectorTerm): Shown => goShown(term, one);
