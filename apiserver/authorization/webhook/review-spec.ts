import type { ResourceAttributes, SubjectAccessReviewSpec } from "../../../api/generated/types/authorization-v1.ts";
import type { FieldSelectorRequirement, LabelSelectorRequirement } from "../../../api/generated/types/meta-v1.ts";
import { parseFieldSelector, SelectorError } from "../../../apimachinery/selectors/field-selector.ts";
import { parseLabelSelector } from "../../../apimachinery/selectors/label-selector.ts";
import type { AuthorizationAttributes } from "../authorizer.ts";

/** What somebody wants, as a SubjectAccessReview asks it (plugin/pkg/authorizer/webhook). */
export function reviewSpecOf(attributes: AuthorizationAttributes): SubjectAccessReviewSpec {
  const { user, isResourceRequest, path, verb } = attributes;
  const { username, groups, uid, extra } = user;
  return {
    ...(isResourceRequest ? { resourceAttributes: resourceOf(attributes) } : { nonResourceAttributes: { path, verb } }),
    ...(username === "" ? {} : { user: username }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
    ...(uid ? { uid } : {}),
  } as SubjectAccessReviewSpec;
}

function resourceOf(attributes: AuthorizationAttributes): ResourceAttributes {
  const { namespace, verb, group, version, resource, subresource, name } = attributes;
  const fields = Object.entries({ namespace, verb, group, version, resource, subresource, name });
  const fieldRequirements = partOf(() => fieldRequirementsOf(attributes.fieldSelector ?? ""));
  const labelRequirements = partOf(() => labelRequirementsOf(attributes.labelSelector ?? ""));
  return {
    ...Object.fromEntries(fields.filter(([, value]) => value !== "")),
    ...(fieldRequirements.length === 0 ? {} : { fieldSelector: { requirements: fieldRequirements } }),
    ...(labelRequirements.length === 0 ? {} : { labelSelector: { requirements: labelRequirements } }),
  };
}

/** A selector that cannot be read limits nothing: that asks for more, never less. */
function partOf<T>(read: () => readonly T[]): T[] {
  try {
    return [...read()];
  } catch (error) {
    if (error instanceof SelectorError) return [];
    throw error;
  }
}

function fieldRequirementsOf(text: string): readonly FieldSelectorRequirement[] {
  return parseFieldSelector(text).requirements.map(({ field, operator, value }) => ({
    key: field,
    operator: operator === "=" ? "In" : "NotIn",
    values: [value],
  }));
}

const labelOperators: Readonly<Record<string, string>> = {
  ...{ "=": "In", "==": "In", in: "In", "!=": "NotIn", notin: "NotIn" },
  ...{ exists: "Exists", "!": "DoesNotExist" },
};

function labelRequirementsOf(text: string): readonly LabelSelectorRequirement[] {
  return parseLabelSelector(text).requirements.flatMap(({ key, operator, values }) => {
    const known = labelOperators[operator];
    if (known === undefined) return [];
    return [{ key, operator: known, ...(values.length === 0 ? {} : { values: [...values] }) }];
  });
}
