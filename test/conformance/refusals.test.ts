import { test } from "node:test";
import { configMaps, create, expect, failure, onBothProtocols } from "../support/conformance.ts";
import type { Call } from "../support/http.ts";

const json = { "content-type": "application/json" };
const pathNotFound = failure(404, "NotFound", "the server could not find the requested resource", {});
const methodNotAllowed = failure(
  405,
  "MethodNotAllowed",
  "the server does not allow this method on the requested resource",
  {},
);

interface Case extends Call {
  readonly says: string;
  readonly answer: object & { readonly code?: number };
}

const invalid = (kind: string, group: string, field: string, reason: string, message: string): object => {
  const subject = group === "" ? kind : `${kind}.${group}`;
  return failure(422, "Invalid", `${subject} "" is invalid: ${field}: ${message}`, {
    ...(group === "" ? {} : { group }),
    ...(kind === "" ? {} : { kind }),
    causes: [{ reason, message, field }],
  });
};
const badRequest = (message: string): object => failure(400, "BadRequest", message);

const paths: readonly Case[] = [
  { says: "a resource nobody serves", path: "/api/v1/nonsense", answer: pathNotFound },
  { says: "a namespaced resource nobody serves", path: "/api/v1/namespaces/default/nonsense/x", answer: pathNotFound },
  { says: "a version nobody serves", path: "/apis/apps/v9/deployments", answer: pathNotFound },
  { says: "discovery of a version nobody serves", path: "/apis/apps/v9", answer: pathNotFound },
  { says: "a version of the first group", path: "/api/v2/pods", answer: pathNotFound },
  { says: "a path behind the version", path: "/version/more", answer: pathNotFound },
  { says: "a subresource nobody serves", path: `${configMaps}/a/status`, answer: pathNotFound },
  {
    says: "a path that goes on behind a subresource",
    path: "/api/v1/namespaces/default/pods/a/status/more",
    answer: pathNotFound,
  },
  {
    says: "a cluster-scoped resource within a namespace",
    path: "/api/v1/namespaces/default/nodes/a",
    answer: pathNotFound,
  },
  { says: "a namespaced object without a namespace", path: "/api/v1/configmaps/a", answer: pathNotFound },
  { says: "a review by name", path: "/apis/authorization.k8s.io/v1/subjectaccessreviews/a", answer: pathNotFound },
  { says: "a list of reviews", path: "/apis/authorization.k8s.io/v1/subjectaccessreviews", answer: methodNotAllowed },
  {
    says: "a create by name",
    method: "POST",
    path: `${configMaps}/a`,
    body: { metadata: { name: "a" } },
    answer: methodNotAllowed,
  },
  {
    says: "a create without a namespace",
    method: "POST",
    path: "/api/v1/configmaps",
    body: {},
    answer: methodNotAllowed,
  },
  { says: "an update of a collection", method: "PUT", path: configMaps, body: {}, answer: methodNotAllowed },
  { says: "a patch of a collection", method: "PATCH", path: configMaps, body: {}, answer: methodNotAllowed },
  { says: "a deletion in all namespaces", method: "DELETE", path: "/api/v1/configmaps", answer: methodNotAllowed },
  { says: "a deletion of all namespaces", method: "DELETE", path: "/api/v1/namespaces", answer: methodNotAllowed },
  { says: "a method for which there is no verb", method: "OPTIONS", path: configMaps, answer: methodNotAllowed },
  { says: "a write to discovery", method: "POST", path: "/api/v1", body: {}, answer: methodNotAllowed },
  { says: "a write to the version", method: "PUT", path: "/version", body: {}, answer: methodNotAllowed },
  {
    says: "a patch of a binding",
    method: "PATCH",
    path: "/api/v1/namespaces/default/pods/a/binding",
    body: {},
    answer: methodNotAllowed,
  },
  { says: "a broken escape", path: `${configMaps}/%zz`, answer: badRequest('invalid URL escape in "%zz"') },
  {
    says: "an escape that is no UTF-8",
    path: `${configMaps}/%C3%28`,
    answer: badRequest('invalid URL escape in "%C3%28"'),
  },
  {
    says: "a slash within a name",
    path: `${configMaps}/a%2Fb`,
    answer: badRequest(`Name parameter invalid: "a/b": may not contain '/'`),
  },
];

const bodies: readonly Case[] = [
  {
    says: "no body",
    headers: json,
    body: "",
    path: configMaps,
    answer: badRequest(
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
    ),
  },
  {
    says: "half an object",
    headers: json,
    body: "{",
    path: configMaps,
    answer: badRequest(
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({)",
    ),
  },
  {
    says: "a number of the wrong place",
    headers: json,
    body: '{"metadata":{"name":"z"},"data":5}',
    path: configMaps,
    answer: badRequest(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string',
    ),
  },
  {
    says: "another kind",
    headers: json,
    body: '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"z"}}',
    path: configMaps,
    answer: badRequest(
      'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
    ),
  },
  {
    says: "a kind that nobody knows",
    headers: json,
    body: '{"kind":"Pot","apiVersion":"v1","metadata":{"name":"z"}}',
    path: configMaps,
    answer: badRequest(
      'Pot in version "v1" cannot be handled as a ConfigMap: no kind "Pot" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ),
  },
  {
    says: "the kind in a version that there was",
    headers: json,
    body: '{"kind":"Deployment","apiVersion":"extensions/v1beta1","metadata":{"name":"z"}}',
    path: "/apis/apps/v1/namespaces/default/deployments",
    answer: badRequest(
      "the API version in the data (extensions/v1beta1) does not match the expected API version (apps/v1)",
    ),
  },
  {
    says: "another version",
    headers: json,
    body: '{"kind":"ConfigMap","apiVersion":"v2","metadata":{"name":"z"}}',
    path: configMaps,
    answer: badRequest(
      'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ),
  },
  {
    says: "null, which says nothing",
    headers: json,
    body: "null",
    path: configMaps,
    answer: invalid(
      "ConfigMap",
      "",
      "metadata.name",
      "FieldValueRequired",
      "Required value: name or generateName is required",
    ),
  },
  {
    says: "another namespace",
    headers: json,
    body: '{"metadata":{"name":"z","namespace":"other"}}',
    path: configMaps,
    answer: badRequest("the namespace of the provided object does not match the namespace sent on the request"),
  },
  {
    says: "a resourceVersion",
    headers: json,
    body: '{"metadata":{"name":"z","resourceVersion":"5"}}',
    path: configMaps,
    answer: badRequest("resourceVersion should not be set on objects to be created"),
  },
  {
    says: "a namespace that is not there",
    headers: json,
    body: '{"metadata":{"name":"z"}}',
    path: "/api/v1/namespaces/nope/configmaps",
    answer: failure(404, "NotFound", 'namespaces "nope" not found', { name: "nope", kind: "namespaces" }),
  },
  {
    says: "text",
    headers: { "content-type": "text/plain" },
    body: "{}",
    path: configMaps,
    answer: failure(
      415,
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    ),
  },
  {
    says: "no answer it could read",
    headers: { ...json, accept: "text/plain" },
    body: "{}",
    path: configMaps,
    answer: failure(
      406,
      "NotAcceptable",
      "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf",
      {},
    ),
  },
  {
    says: "an unknown fieldValidation",
    headers: json,
    body: "{}",
    path: `${configMaps}?fieldValidation=Bogus`,
    answer: invalid(
      "CreateOptions",
      "meta.k8s.io",
      "fieldValidation",
      "FieldValueNotSupported",
      'Unsupported value: "Bogus": supported values: "", "Ignore", "Strict", "Warn"',
    ),
  },
  {
    says: "an unknown dryRun",
    headers: json,
    body: "{}",
    path: `${configMaps}?dryRun=Some`,
    answer: invalid(
      "CreateOptions",
      "meta.k8s.io",
      "dryRun",
      "FieldValueNotSupported",
      'Unsupported value: ["Some"]: supported values: "All"',
    ),
  },
  {
    says: "a timeout that is no duration",
    headers: json,
    body: "{}",
    path: `${configMaps}?timeout=soon`,
    answer: badRequest('invalid timeout specified in the request URL - time: invalid duration "soon"'),
  },
];

const options: readonly Case[] = [
  {
    says: "a limit that is no number",
    path: `${configMaps}?limit=abc`,
    answer: badRequest('strconv.ParseInt: parsing "abc": invalid syntax'),
  },
  {
    says: "a limit that is nothing",
    path: `${configMaps}?limit=`,
    answer: badRequest('strconv.ParseInt: parsing "": invalid syntax'),
  },
  {
    says: "a timeout of more seconds than 64 bits count",
    path: `${configMaps}?timeoutSeconds=9223372036854775808`,
    answer: badRequest('strconv.ParseInt: parsing "9223372036854775808": value out of range'),
  },
  {
    says: "a table of rows with unknown contents",
    path: `${configMaps}?includeObject=Most`,
    headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
    answer: badRequest(
      "Unable to convert to Table as requested: includeObject: Invalid value: \"Most\": must be 'Metadata', 'Object', 'None', or empty",
    ),
  },
  {
    says: "a label selector of three words",
    path: `${configMaps}?labelSelector=a%20b%20c`,
    answer: badRequest("unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
  },
  {
    says: "a field that pods cannot be selected by",
    path: "/api/v1/pods?fieldSelector=spec.x=1",
    answer: badRequest("field label not supported: spec.x"),
  },
  {
    says: "a field named like a part of every JavaScript object",
    path: "/api/v1/pods?fieldSelector=constructor=1",
    answer: badRequest("field label not supported: constructor"),
  },
  {
    says: "a field that nothing is selected by",
    path: `${configMaps}?fieldSelector=spec.x=1`,
    answer: badRequest('"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'),
  },
  {
    says: "a field selector that is none",
    path: `${configMaps}?fieldSelector=aaa`,
    answer: badRequest("invalid selector: 'aaa'; can't understand 'aaa'"),
  },
  {
    says: "a resourceVersion that is no number",
    path: `${configMaps}?resourceVersion=abc`,
    answer: invalid(
      "",
      "",
      "resourceVersion",
      "FieldValueInvalid",
      'Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ),
  },
  {
    says: "an object at no number",
    path: `${configMaps}/a?resourceVersion=abc`,
    answer: invalid(
      "",
      "",
      "resourceVersion",
      "FieldValueInvalid",
      'Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ),
  },
  {
    says: "a watch from no number",
    path: `${configMaps}?watch=1&resourceVersion=abc`,
    answer: invalid(
      "",
      "",
      "resourceVersion",
      "FieldValueInvalid",
      'Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ),
  },
  {
    says: "a match without a version",
    path: `${configMaps}?resourceVersionMatch=Exact`,
    answer: invalid(
      "ListOptions",
      "meta.k8s.io",
      "resourceVersionMatch",
      "FieldValueForbidden",
      "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
    ),
  },
  {
    says: "an exact match of any version",
    path: `${configMaps}?resourceVersionMatch=Exact&resourceVersion=0`,
    answer: invalid(
      "ListOptions",
      "meta.k8s.io",
      "resourceVersionMatch",
      "FieldValueForbidden",
      'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ),
  },
  {
    says: "an unknown match",
    path: `${configMaps}?resourceVersionMatch=Foo&resourceVersion=5`,
    answer: invalid(
      "ListOptions",
      "meta.k8s.io",
      "resourceVersionMatch",
      "FieldValueNotSupported",
      'Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""',
    ),
  },
  {
    says: "initial events of a list",
    path: `${configMaps}?sendInitialEvents=true`,
    answer: invalid(
      "ListOptions",
      "meta.k8s.io",
      "sendInitialEvents",
      "FieldValueForbidden",
      "Forbidden: sendInitialEvents is forbidden for list",
    ),
  },
  {
    says: "initial events without a match",
    path: `${configMaps}?watch=1&sendInitialEvents=true`,
    answer: invalid(
      "ListOptions",
      "meta.k8s.io",
      "resourceVersionMatch",
      "FieldValueForbidden",
      "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    ),
  },
  {
    says: "a token of another version",
    path: `${configMaps}?continue=${Buffer.from('{"v":"x","rv":1,"start":"a"}').toString("base64url")}`,
    answer: badRequest("continue key is not valid: server does not recognize this encoded version x"),
  },
  {
    says: "a token that begins nowhere",
    path: `${configMaps}?continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":""}').toString("base64url")}`,
    answer: badRequest("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)"),
  },
  {
    says: "a token of no revision",
    path: `${configMaps}?continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":0,"start":"a"}').toString("base64url")}`,
    answer: badRequest("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)"),
  },
  {
    says: "a token that climbs out",
    path: `${configMaps}?continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"../secrets/a"}').toString("base64url")}`,
    answer: badRequest("continue key is not valid: ../secrets/a"),
  },
  {
    says: "a token with a version beside it",
    path: `${configMaps}?resourceVersion=5&continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"a"}').toString("base64url")}`,
    answer: badRequest("specifying resource version is not allowed when using continue"),
  },
];

const refusedMatch = (kind: "Forbidden" | "NotSupported", message: string): object =>
  invalid("ListOptions", "meta.k8s.io", "resourceVersionMatch", `FieldValue${kind}`, message);

const watches: readonly Case[] = [
  {
    says: "a match without initial events",
    path: `${configMaps}?watch=1&resourceVersionMatch=NotOlderThan&resourceVersion=1`,
    answer: refusedMatch(
      "Forbidden",
      "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    ),
  },
  {
    says: "a table of rows with unknown contents",
    path: `${configMaps}?watch=1&includeObject=Most`,
    headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
    answer: badRequest(
      "Unable to convert to Table as requested: includeObject: Invalid value: \"Most\": must be 'Metadata', 'Object', 'None', or empty",
    ),
  },
  {
    says: "seconds that are none",
    path: `${configMaps}?watch=1&timeoutSeconds=`,
    answer: badRequest('strconv.ParseInt: parsing "": invalid syntax'),
  },
];

const refusedDeletion = (field: string, reason: string, message: string): object =>
  invalid("DeleteOptions", "meta.k8s.io", field, reason, message);
const twice = "orphanDependents and deletionPropagation cannot be both set";
const policies = 'supported values: "Foreground", "Background", "Orphan", "nil"';

const deletions: readonly Case[] = [
  {
    says: "two words on its dependents",
    body: { orphanDependents: true, propagationPolicy: "Orphan" },
    path: configMaps,
    answer: refusedDeletion("propagationPolicy", "FieldValueInvalid", `Invalid value: "Orphan": ${twice}`),
  },
  {
    says: "an unknown word on its dependents",
    body: { propagationPolicy: "Some" },
    path: `${configMaps}/a`,
    answer: refusedDeletion("propagationPolicy", "FieldValueNotSupported", `Unsupported value: "Some": ${policies}`),
  },
  {
    says: "an empty word on its dependents",
    path: `${configMaps}/a?propagationPolicy=`,
    answer: refusedDeletion("propagationPolicy", "FieldValueNotSupported", `Unsupported value: "": ${policies}`),
  },
  {
    says: "an unknown dryRun",
    path: `${configMaps}/a?dryRun=All&dryRun=Some`,
    answer: refusedDeletion(
      "dryRun",
      "FieldValueNotSupported",
      'Unsupported value: ["All","Some"]: supported values: "All"',
    ),
  },
  {
    says: "no number of seconds",
    path: `${configMaps}/a?gracePeriodSeconds=`,
    answer: badRequest('strconv.ParseInt: parsing "": invalid syntax'),
  },
  {
    says: "initial events, and an unknown dryRun",
    path: `${configMaps}?sendInitialEvents=true&dryRun=Some`,
    answer: invalid(
      "ListOptions",
      "meta.k8s.io",
      "sendInitialEvents",
      "FieldValueForbidden",
      "Forbidden: sendInitialEvents is forbidden for list",
    ),
  },
];

onBothProtocols("what the server refuses, in upstream's words", (subject) => {
  for (const { says, answer, ...call } of paths) {
    test(`${says}: ${call.method ?? "GET"} ${call.path}`, async () => {
      await expect(subject().admin, call, (answer as { code: number }).code, answer);
    });
  }
  for (const { says, answer, ...call } of bodies) {
    test(`a create with ${says}`, async () => {
      await expect(subject().admin, { method: "POST", ...call }, (answer as { code: number }).code, answer);
    });
  }
  for (const { says, answer, ...call } of deletions) {
    test(`a deletion with ${says}`, async () => {
      await expect(subject().admin, { method: "DELETE", ...call }, (answer as { code: number }).code, answer);
    });
  }
  for (const { says, answer, ...call } of [...options, ...watches]) {
    test(`a read with ${says}`, async () => {
      await expect(subject().admin, call, (answer as { code: number }).code, answer);
    });
  }

  test("updates and deletions of another object than is there", async () => {
    const { admin } = subject();
    const { metadata } = await create(admin, "a", { data: { x: "1" } });
    const update = (object: object, code: number, answer: object) =>
      expect(admin, { method: "PUT", path: `${configMaps}/a`, body: object }, code, answer);
    const conflict = (text: string, kind = "configmaps"): object =>
      failure(409, "Conflict", `Operation cannot be fulfilled on ${kind} "a": ${text}`, { name: "a", kind });
    await update(
      { metadata: { name: "b" } },
      400,
      badRequest("the name of the object (b) does not match the name on the URL (a)"),
    );
    await update(
      { metadata: { name: "a", namespace: "other" } },
      400,
      badRequest("the namespace of the object (other) does not match the namespace on the request (default)"),
    );
    await update(
      { metadata: { name: "a", uid: "x" } },
      409,
      conflict(
        `StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: ${metadata.uid}`,
      ),
    );
    await update(
      { metadata: { name: "a", resourceVersion: "1" } },
      409,
      conflict("the object has been modified; please apply your changes to the latest version and try again"),
    );
    const remove = (preconditions: object, text: string) =>
      expect(
        admin,
        { method: "DELETE", path: `${configMaps}/a`, body: { preconditions } },
        409,
        conflict(text, "ConfigMap"),
      );
    await remove(
      { uid: "x" },
      `the UID in the precondition (x) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
    await remove(
      { resourceVersion: "1" },
      `the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
    await expect(
      admin,
      { method: "POST", path: configMaps, body: { metadata: { name: "a" } } },
      409,
      failure(409, "AlreadyExists", 'configmaps "a" already exists', { name: "a", kind: "configmaps" }),
    );
    await expect(
      admin,
      { path: `${configMaps}/missing` },
      404,
      failure(404, "NotFound", 'configmaps "missing" not found', { name: "missing", kind: "configmaps" }),
    );
  });

  test("patches that cannot be read or applied", async () => {
    const { admin } = subject();
    await create(admin, "p", { data: { x: "1" } });
    const patch = (type: string, body: string, code: number, answer: object, query = "") =>
      expect(
        admin,
        { method: "PATCH", path: `${configMaps}/p${query}`, body, headers: { "content-type": type } },
        code,
        answer,
      );
    const rejected = failure(422, "Invalid", "the server rejected our request due to an error in our request", {});
    await patch("application/json", "{}", 415, failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {}));
    const immutableUid = {
      reason: "FieldValueInvalid",
      message: 'Invalid value: "abc": field is immutable',
      field: "metadata.uid",
    };
    await patch(
      "application/merge-patch+json",
      '{"metadata":{"uid":"abc"}}',
      422,
      failure(422, "Invalid", 'ConfigMap "p" is invalid: metadata.uid: Invalid value: "abc": field is immutable', {
        name: "p",
        kind: "ConfigMap",
        causes: [immutableUid, immutableUid],
      }),
    );
    await patch("application/json-patch+json", '[{"op":"test","path":"/data/x","value":"9"}]', 422, rejected);
    await patch("application/json-patch+json", '[{"op":"remove","path":"/data/nope"}]', 422, rejected);
    await patch(
      "application/merge-patch+json",
      '{"metadata":{"name":"q"}}',
      400,
      badRequest("the name of the object (q) does not match the name on the URL (p)"),
    );
    await patch(
      "application/strategic-merge-patch+json",
      '{"foo":1}',
      422,
      invalid(
        "",
        "",
        "patch",
        "FieldValueInvalid",
        'Invalid value: "map[foo:1]": strict decoding error: unknown field "foo"',
      ),
      "?fieldValidation=Strict",
    );
    await patch(
      "application/strategic-merge-patch+json",
      "{}",
      422,
      invalid(
        "PatchOptions",
        "meta.k8s.io",
        "force",
        "FieldValueForbidden",
        "Forbidden: may not be specified for non-apply patch",
      ),
      "?force=true",
    );
    await patch(
      "application/apply-patch+yaml",
      "{}",
      422,
      invalid(
        "PatchOptions",
        "meta.k8s.io",
        "fieldManager",
        "FieldValueRequired",
        "Required value: is required for apply patch",
      ),
    );
    await patch(
      "application/apply-patch+yaml",
      "a:\n b\n  c: d",
      400,
      badRequest("error decoding YAML: yaml: line 3: mapping values are not allowed in this context"),
      "?fieldManager=me",
    );
  });
});
