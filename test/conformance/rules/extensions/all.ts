import type { HttpClient } from "../../../support/http.ts";
import type { Area } from "../rule.ts";
import { apiService } from "./api-service.ts";
import { define } from "./custom-kinds.ts";
import { ruledDefinition, ruledKind } from "./custom-rules.ts";
import { plain, plainDefinition } from "./custom-schema.ts";
import { customResourceDefinition } from "./definition.ts";
import { deviceClass } from "./device-class.ts";
import { flowSchema } from "./flow-schema.ts";
import { mutatingAdmissionPolicy } from "./mutating-policy.ts";
import { objectMeta } from "./object-meta.ts";
import { mutatingAdmissionPolicyBinding, validatingAdmissionPolicyBinding } from "./policy-bindings.ts";
import { priorityLevelConfiguration } from "./priority-level-configuration.ts";
import { resourceClaim, resourceClaimTemplate } from "./resource-claim.ts";
import { resourceSlice } from "./resource-slice.ts";
import { validatingAdmissionPolicy } from "./validating-policy.ts";
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from "./webhooks.ts";

const declared = "It declares the rules; they are called by writes.";
const judged = "What a default says of metadata was judged when its definition was written.";
const stored = "It asks what is stored, which has been held to the rule since the first release.";
const established = "What is established had a certificate in its bundle, and has been held to the rule since.";

export const extensions: Area = {
  kinds: [
    plain,
    ruledKind,
    objectMeta,
    deviceClass,
    resourceClaim,
    resourceClaimTemplate,
    resourceSlice,
    customResourceDefinition,
    validatingWebhookConfiguration,
    mutatingWebhookConfiguration,
    validatingAdmissionPolicy,
    validatingAdmissionPolicyBinding,
    mutatingAdmissionPolicy,
    mutatingAdmissionPolicyBinding,
    apiService,
    flowSchema,
    priorityLevelConfiguration,
  ],
  unreachable: {
    "apimachinery/validation/object-meta.ts": {
      'if (namespace !== "") errors.push(forbidden(place, "not allowed on this type"));':
        "What lives in no namespace loses before what it says of one.",
      '} else if (namespace === "") errors.push(required(place));': "The path of the request gives it.",
      'errors.push(invalid(place.child("resourceVersion"), "", "must be specified for an update"));':
        "Where none is told it is the stored one, or the request is refused before.",
      'errors.push(invalid(place.child("generation"), meta.generation ?? 0, "must not be decremented"));':
        "It stays as it is stored.",
      'errors.push(...validateImmutableField(meta[name] ?? "", old[name] ?? "", place.child(name)));':
        "Another name, namespace or UID is refused before: it is not what the path leads to.",
      'errors.push(...validateManagedFields(meta.managedFields, place.child("managedFields")));':
        "Of a change they have been read before: what cannot be read is as it is stored.",
    },
    "apimachinery/structural/object-meta.ts": {
      'else if (typeof said !== "string") yield invalid(at, said, "must be a string");':
        "It is refused when it is read.",
      "yield invalid(place, value, (error as Error).message);": "It is refused when it is read.",
    },
    "apimachinery/structural/prune-defaults.ts": {
      "return within(props, []);": judged,
      "const pruned = prunedAt(inner.default as JsonValue, steps);": judged,
      'const changed = within(values, [...steps, "*"]);': judged,
      "const changed = within(items, [...steps, 0]);": judged,
      "properties[name] = within(property, [...steps, name]);": judged,
      "coerceEmbedded(object, root, metadata, rootPath, []);": judged,
    },
    "apimachinery/structural/structure.ts": {
      "return unsupported(props) === undefined && structuralErrors(props, place).length === 0;": stored,
    },
    "apimachinery/structural/rules/evaluate.ts": {
      "if (state.budget <= 0) return { errors: [invalid(place, subject.type, outOfBudget)], budget: -1 };":
        "A rule would have to cost, to the unit, what is left of ten million.",
    },
    "apimachinery/structural/rules/rule-errors.ts": {
      "yield internalError(": "Every schema that is structural has a type.",
    },
    "apimachinery/structural/rules/validator.ts": {
      'if (node.unasked) run.errors.push(invalid(place === "" ? nowhere : place, node.props.type ?? "", noType));':
        "Only what was stored before its definition changed comes so far (custom-resource-expressions.test.ts).",
      "visit(one, value, old, place, { current: undefined, parent: before.parent }, run);":
        "A definition has no rules within allOf.",
    },
    "api/resource/v1/validation/claim.ts": {
      'else if (operator === "") errors.push(required(place.child("operator")));': "A default fills it in.",
    },
    "api/apiextensions/v1/custom-resource-definition/open-api-schema.ts": {
      "const validator = ruleValidator(schema, isRoot);": "It makes the function that tells.",
    },
    "api/apiextensions/v1/custom-resource-definition/options.ts": {
      "requireStructuralSchema: schemas.every((schema) => isStructural(schema, at)),": stored,
      "requireAtomicSetType: none((props) => setItemErrors(props, at).next().done !== true),": stored,
      "requireMapListKeysMapSetValidation: none((props) => itemKeyErrors(props, at).next().done !== true),": stored,
      "allowInvalidCABundle: allowsInvalidCABundle(old),": established,
      'return defaultErrors(schema, path("schema"), { metadata, requirePruned: true }).some(': stored,
      'return caBundle !== undefined && caBundle !== "" && validateCaBundle(caBundle, path("caBundle")).length > 0;':
        established,
    },
    "api/apiextensions/v1/custom-resource-definition/spec.ts": {
      'else if (version.served) yield required(at, "because otherwise all fields are pruned");': stored,
    },
    "api/apiextensions/v1/custom-resource-definition/validation.ts": {
      "const options = optionsFor(object, old);": stored,
      'yield* nameErrors(object.status?.acceptedNames ?? {}, path("status", "acceptedNames"));':
        "Beside writes of the status, the names are those that are stored, which were held to the rule.",
    },
    "api/admissionregistration/v1/mutating-webhook-configuration.ts": {
      "export const MutatingWebhookConfiguration = defineWebhookConfiguration<MutatingWebhookConfiguration>(": declared,
    },
    "api/admissionregistration/v1/validating-webhook-configuration.ts": {
      "export const ValidatingWebhookConfiguration = defineWebhookConfiguration<ValidatingWebhookConfiguration>(":
        declared,
    },
    "api/admissionregistration/v1/webhooks.ts": {
      "const lenient = leniency(webhooks, old);": stored,
      'validateLabelSelector(hook.namespaceSelector, path("")).length > 0 ||': stored,
      'validateLabelSelector(hook.objectSelector, path("")).length > 0;': stored,
    },
  },
};

/** What custom resources are defined by. */
export async function prepareExtensions(client: HttpClient): Promise<void> {
  for (const definition of [plainDefinition, ruledDefinition]) await define(client, definition);
}
