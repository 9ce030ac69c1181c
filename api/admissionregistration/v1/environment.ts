import {
  authorizerType,
  boolType,
  type CelType,
  createEnvironment,
  dynType,
  type Environment,
  intType,
  jsonPatchLibrary,
  kubernetesLibraries,
  listType,
  mapType,
  mutationStructs,
  objectType,
  resourceCheckType,
  stringType,
  timestampType,
} from "../../../apimachinery/cel/mod.ts";

// What expressions of admission can name: apiserver/pkg/admission/plugin/cel/compile.go.

/** Which of the variables that not every expression has are there. */
export interface Declarations {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** Values of `Object` and `JSONPatch` can be made. */
  readonly hasPatchTypes: boolean;
}

/** Names of these fields are not escaped: `request.namespace`. */
function fieldsOf(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  const declared = new Map(Object.entries(fields).map(([json, type]) => [json, { json, type }] as const));
  return objectType(name, (field) => declared.get(field)?.type, { fields: declared });
}

const texts = listType(stringType);
const kindType = fieldsOf("kubernetes.GroupVersionKind", {
  group: stringType,
  version: stringType,
  kind: stringType,
});
const resourceType = fieldsOf("kubernetes.GroupVersionResource", {
  group: stringType,
  version: stringType,
  resource: stringType,
});

/** Objects are no fields: they are variables of their own. */
export const requestType: CelType = fieldsOf("kubernetes.AdmissionRequest", {
  kind: kindType,
  resource: resourceType,
  subResource: stringType,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo: fieldsOf("kubernetes.UserInfo", {
    username: stringType,
    uid: stringType,
    groups: texts,
    extra: mapType(stringType, texts),
  }),
  dryRun: boolType,
  options: dynType,
});

export const namespaceType: CelType = fieldsOf("kubernetes.Namespace", {
  metadata: fieldsOf("kubernetes.NamespaceMetadata", {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: mapType(stringType, stringType),
    annotations: mapType(stringType, stringType),
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: texts,
  }),
  spec: fieldsOf("kubernetes.NamespaceSpec", { finalizers: texts }),
  status: fieldsOf("kubernetes.NamespaceStatus", {
    conditions: listType(
      fieldsOf("kubernetes.NamespaceCondition", {
        status: stringType,
        type: stringType,
        lastTransitionTime: timestampType,
        message: stringType,
        reason: stringType,
      }),
    ),
    phase: stringType,
  }),
});

/** Types of the objects of a write, where they are known: for type checking. */
export interface ObjectTypes {
  readonly object: CelType;
  readonly params: CelType;
}

const unknownTypes: ObjectTypes = { object: dynType, params: dynType };
const made = new Map<string, Environment>();

/** The environment of expressions that read no variables of a policy. */
export function admissionEnvironment(declared: Declarations, types: ObjectTypes = unknownTypes): Environment {
  if (types !== unknownTypes) return makeEnvironment(declared, types);
  const key = JSON.stringify([declared.hasParams, declared.hasAuthorizer, declared.hasPatchTypes]);
  let environment = made.get(key);
  if (environment === undefined) {
    environment = makeEnvironment(declared, types);
    made.set(key, environment);
  }
  return environment;
}

function makeEnvironment({ hasParams, hasAuthorizer, hasPatchTypes }: Declarations, types: ObjectTypes): Environment {
  return createEnvironment({
    variables: {
      object: types.object,
      oldObject: types.object,
      namespaceObject: namespaceType,
      request: requestType,
      ...(hasParams ? { params: types.params } : {}),
      ...(hasAuthorizer ? { authorizer: authorizerType, "authorizer.requestResource": resourceCheckType } : {}),
    },
    ...(hasPatchTypes ? { libraries: [...kubernetesLibraries, jsonPatchLibrary], structs: mutationStructs } : {}),
  });
}
