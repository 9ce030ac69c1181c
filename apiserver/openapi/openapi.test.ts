import assert from "node:assert/strict";
import { test } from "node:test";
import type { Descriptions } from "../../api/descriptions.ts";
import { builtInResources } from "../../api/generated/resources.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import type { ServedResource } from "../discovery/served.ts";
import type { ApiRequest } from "../request.ts";
import type { RawResponse } from "../response.ts";
import { enumOf } from "./enums.ts";
import { type OpenApiHandlers, openApiHandlers } from "./handlers.ts";
import { operationSentence } from "./names.ts";

// biome-ignore lint/suspicious/noExplicitAny: documents are walked by name
type Tree = any;

const pick = (...names: readonly string[]): readonly ServedResource[] =>
  builtInResources.filter(({ group, plural, version }) => names.includes(`${group}/${version}/${plural}`));

const descriptions: Descriptions = {
  definitions: {
    "io.k8s.api.core.v1.Pod": { description: "A pod.", fields: { spec: "What is wanted." } },
    "io.k8s.api.core.v1.PodStatus": { description: "What is seen.", fields: {} },
  },
  parameters: {
    fieldManager: "Who.",
    "patch fieldManager": "Who patches.",
    namespace: "object name and auth scope, such as for teams and projects",
    path: "Where.",
    "connectCoreV1GetNamespacedPodProxy path": "Where in the pod.",
    "connectCoreV1PutNamespacedPodProxy path": "Where in the pod.",
  },
};
const handlers = openApiHandlers({
  served: pick("/v1/pods", "/v1/namespaces", "apps/v1/deployments", "authorization.k8s.io/v1/subjectaccessreviews"),
  version: "v1.36.0",
  descriptions: () => descriptions,
});

interface Ask {
  readonly accept?: string;
  readonly ifNoneMatch?: string;
  readonly method?: string;
  readonly on?: OpenApiHandlers;
}

function ask(url: string, { accept = "", ifNoneMatch, method = "GET", on = handlers }: Ask = {}): RawResponse {
  const { pathname, searchParams } = new URL(url, "http://server");
  const headers: Readonly<Record<string, string | undefined>> = { accept, "if-none-match": ifNoneMatch };
  const request = { method, path: pathname, query: searchParams, header: (name: string) => headers[name] };
  const handler = on.exact.get(pathname) ?? [...on.prefix].find(([prefix]) => pathname.startsWith(prefix))?.[1];
  assert.ok(handler, url);
  return handler(request as unknown as ApiRequest) as RawResponse;
}

const json = (response: RawResponse): Tree => JSON.parse(response.body.toString());

test("the index names a document for each group and version, by its hash", () => {
  const { paths } = json(ask("/openapi/v3"));
  assert.deepEqual(Object.keys(paths).sort(), [
    ".well-known/openid-configuration",
    "api",
    "api/v1",
    "apis",
    "apis/apps",
    "apis/apps/v1",
    "apis/authorization.k8s.io",
    "apis/authorization.k8s.io/v1",
    "openid/v1/jwks",
    "version",
  ]);
  for (const [name, { serverRelativeURL }] of Object.entries<Tree>(paths)) {
    assert.match(serverRelativeURL, new RegExp(`^/openapi/v3/${name}\\?hash=[0-9A-F]{128}$`));
  }
});

test("a document asked for by its hash never changes; another hash leads to it", () => {
  const url: string = json(ask("/openapi/v3")).paths["apis/apps/v1"].serverRelativeURL;
  const response = ask(url);
  assert.equal(response.status, 200);
  assert.match(response.headers!["cache-control"]!, /immutable/);
  assert.equal(response.headers!["etag"], `"${url.split("hash=")[1]}"`);
  const other = ask("/openapi/v3/apis/apps/v1?hash=ABC");
  assert.equal(other.status, 301);
  assert.equal(other.headers!["location"], url);
  assert.equal(ask("/openapi/v3/apis/apps/v1").headers!["cache-control"], undefined);
});

test("what the client has already is not sent again", () => {
  for (const url of ["/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1"]) {
    const { etag } = ask(url).headers as { etag: string };
    assert.equal(ask(url, { ifNoneMatch: etag }).status, 304);
    assert.equal(ask(url, { ifNoneMatch: `"x", W/${etag}` }).status, 304);
    assert.equal(ask(url, { ifNoneMatch: '"x"' }).status, 200);
  }
});

test("only what is served appears", () => {
  const { paths, components } = json(ask("/openapi/v3/api/v1"));
  assert.ok(paths["/api/v1/namespaces/{namespace}/pods/{name}/log"]);
  assert.ok(paths["/api/v1/namespaces/{name}/finalize"]);
  assert.equal(paths["/api/v1/namespaces/{namespace}/secrets"], undefined);
  assert.equal(components.schemas["io.k8s.api.core.v1.SecretList"], undefined);
  const none = ask("/openapi/v3/apis/batch/v1");
  assert.deepEqual([none.status, none.contentType, none.body], [404, "", ""]);
});

test("verbs and subresources that are not served do not appear", () => {
  const [pods] = pick("/v1/pods");
  const subresources = pods!.subresources!.filter(({ name }) => name === "status");
  const served = [{ ...pods!, verbs: ["get", "list"], subresources }];
  const { paths } = json(ask("/openapi/v3/api/v1", { on: openApiHandlers({ served, version: "v1.36.0" }) }));
  assert.deepEqual(Object.keys(paths), [
    "/api/v1/",
    "/api/v1/namespaces/{namespace}/pods",
    "/api/v1/namespaces/{namespace}/pods/{name}",
    "/api/v1/namespaces/{namespace}/pods/{name}/status",
    "/api/v1/pods",
  ]);
  assert.deepEqual(Object.keys(paths["/api/v1/namespaces/{namespace}/pods"]), ["get", "parameters"]);
});

test("an operation says what it does, to what, with which parameters", () => {
  const { paths } = json(ask("/openapi/v3/apis/apps/v1"));
  const { patch, parameters } = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
  assert.equal(patch.operationId, "patchAppsV1NamespacedDeployment");
  assert.deepEqual(patch.tags, ["apps_v1"]);
  assert.equal(patch["x-kubernetes-action"], "patch");
  assert.deepEqual(patch["x-kubernetes-group-version-kind"], { group: "apps", kind: "Deployment", version: "v1" });
  assert.deepEqual(
    patch.parameters.map(({ name, schema }: Tree) => [name, schema.type]),
    [
      ["dryRun", "string"],
      ["fieldManager", "string"],
      ["fieldValidation", "string"],
      ["force", "boolean"],
    ],
  );
  assert.deepEqual(
    parameters.map(({ name }: Tree) => name),
    ["name", "namespace", "pretty"],
  );
  assert.ok(patch.requestBody.content["application/apply-patch+yaml"]);
  assert.equal(patch.requestBody.required, true);
});

test("operations bear upstream's ids", () => {
  const ids = new Set<string>();
  for (const document of [
    "api/v1",
    "apis/apps/v1",
    "apis/apps",
    "api",
    "apis",
    "version",
    "apis/authorization.k8s.io/v1",
  ]) {
    for (const item of Object.values<Tree>(json(ask(`/openapi/v3/${document}`)).paths)) {
      for (const { operationId } of Object.values<Tree>(item)) if (operationId) ids.add(operationId);
    }
  }
  for (const id of [
    "createCoreV1NamespacedPod",
    "createCoreV1NamespacedPodEviction",
    "createAuthorizationV1SubjectAccessReview",
    "deleteCoreV1CollectionNamespacedPod",
    "connectCoreV1GetNamespacedPodProxyWithPath",
    "getAppsAPIGroup",
    "getAppsV1APIResources",
    "getCodeVersion",
    "getCoreAPIVersions",
    "getAPIVersions",
    "listAppsV1DeploymentForAllNamespaces",
    "listCoreV1Namespace",
    "readAppsV1NamespacedDeploymentScale",
    "readCoreV1NamespacedPodLog",
    "replaceCoreV1NamespaceFinalize",
    "watchAppsV1DeploymentListForAllNamespaces",
    "watchCoreV1NamespacedPod",
    "watchCoreV1NamespacedPodList",
  ])
    assert.ok(ids.has(id), id);
});

test("a deletion answers with the object or with a Status, as the resource does", () => {
  const answered = (document: string, path: string): string =>
    json(ask(`/openapi/v3/${document}`)).paths[path].delete.responses["200"].content["application/json"].schema.$ref;
  assert.match(answered("api/v1", "/api/v1/namespaces/{namespace}/pods/{name}"), /core\.v1\.Pod$/);
  assert.match(
    answered("apis/apps/v1", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"),
    /meta\.v1\.Status$/,
  );
});

/** Every `$ref` below a value. */
function* references(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "$ref" && typeof inner === "string") yield inner;
    else yield* references(inner);
  }
}

test("every reference of every document leads somewhere", () => {
  const on = openApiHandlers({ served: builtInResources, version: "v1.36.0" });
  const documents = Object.keys(json(ask("/openapi/v3", { on })).paths).map((name) => `/openapi/v3/${name}`);
  assert.ok(documents.length > 50);
  for (const url of [...documents, "/openapi/v2"]) {
    const document = json(ask(url, { on }));
    for (const reference of new Set(references(document))) {
      const found = reference
        .slice(2)
        .split("/")
        .reduce((at: Tree, key) => at?.[key], document);
      assert.notEqual(found, undefined, `${url} ${reference}`);
    }
  }
});

test("operation ids are unique in the whole API", () => {
  const on = openApiHandlers({ served: builtInResources, version: "v1.36.0" });
  const seen = new Set<string>();
  for (const item of Object.values<Tree>(json(ask("/openapi/v2", { on })).paths)) {
    for (const { operationId } of Object.values<Tree>(item)) {
      if (operationId === undefined) continue;
      assert.ok(!seen.has(operationId), operationId);
      seen.add(operationId);
    }
  }
  assert.ok(seen.size > 900);
});

test("schemas bear what apply, merge and explain need", () => {
  const { schemas } = json(ask("/openapi/v3/api/v1")).components;
  const { containers, tolerations } = schemas["io.k8s.api.core.v1.PodSpec"].properties;
  assert.equal(containers["x-kubernetes-patch-merge-key"], "name");
  assert.equal(containers["x-kubernetes-patch-strategy"], "merge");
  assert.equal(tolerations["x-kubernetes-list-type"], "atomic");
  const quantity = schemas["io.k8s.apimachinery.pkg.api.resource.Quantity"];
  assert.deepEqual(quantity, { oneOf: [{ type: "string" }, { type: "number" }] });
  const kinds = schemas["io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"]["x-kubernetes-group-version-kind"];
  assert.deepEqual(kinds, [{ group: "", kind: "DeleteOptions", version: "v1" }]);
});

test("texts of which there are few name them, within lists and maps too", () => {
  const { schemas } = json(ask("/openapi/v3/api/v1")).components;
  assert.deepEqual(schemas["io.k8s.api.core.v1.ContainerPort"].properties.protocol, {
    type: "string",
    enum: ["SCTP", "TCP", "UDP"],
    default: "TCP",
  });
  const { definitions } = json(ask("/openapi/v2"));
  const { type } = definitions["io.k8s.api.apps.v1.DeploymentStrategy"].properties;
  assert.deepEqual(type, { type: "string", enum: ["Recreate", "RollingUpdate"] });
  assert.deepEqual(enumOf("api.core.v1.ServiceSpec", "ipFamilies"), ["", "IPv4", "IPv6"]);
});

test("a field that has no sentence of its own says nothing: clients look at its type's themselves", () => {
  const pod = json(ask("/openapi/v3/api/v1")).components.schemas["io.k8s.api.core.v1.Pod"];
  assert.equal(pod.description, "A pod.");
  assert.equal(pod.properties.spec.description, "What is wanted.");
  assert.equal(pod.properties.status.description, undefined);
  assert.equal(pod.properties.kind.description, undefined);
  assert.deepEqual(pod.properties.spec.allOf, [{ $ref: "#/components/schemas/io.k8s.api.core.v1.PodSpec" }]);
});

test("without a file of sentences there are none", () => {
  const on = openApiHandlers({
    served: pick("/v1/pods"),
    version: "v1.36.0",
    descriptionsFile: "/nowhere/descriptions.json",
  });
  const schemas: JsonObject = json(ask("/openapi/v3/api/v1", { on })).components.schemas;
  assert.equal(JSON.stringify(schemas).includes('"description":"'), false);
});

test("v2 shares parameters and shows no defaults", () => {
  const document = json(ask("/openapi/v2"));
  assert.equal(document.swagger, "2.0");
  assert.equal(document.definitions["io.k8s.api.core.v1.Container"].properties.name.default, undefined);
  const { post, get } = document.paths["/api/v1/namespaces/{namespace}/pods"];
  assert.deepEqual(post.parameters[0].schema, { $ref: "#/definitions/io.k8s.api.core.v1.Pod" });
  const shared = get.parameters.map(({ $ref }: Tree) => document.parameters[$ref.slice("#/parameters/".length)]);
  assert.equal(shared.find(({ name }: Tree) => name === "limit").type, "integer");
});

test("in v2 a type of every group names all versions that upstream knows of, in v3 those of the document", () => {
  const kindsOf = (schemas: Tree): readonly Tree[] =>
    schemas["io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"]["x-kubernetes-group-version-kind"];
  const ofV2 = kindsOf(json(ask("/openapi/v2")).definitions);
  assert.equal(ofV2.length, 60);
  assert.ok(ofV2.some(({ group, version }) => group === "extensions" && version === "v1beta1"));
  const ofV3 = kindsOf(json(ask("/openapi/v3/apis/apps/v1")).components.schemas);
  assert.deepEqual(ofV3.map(({ group, version }) => `${group}/${version}`).sort(), ["/v1", "apps/v1"]);
});

test("v2's shared parameters bear upstream's names, which end with a hash of what they say", () => {
  const { parameters, paths } = json(ask("/openapi/v2"));
  assert.deepEqual(parameters["namespace-vgWSWtn3"], {
    uniqueItems: true,
    type: "string",
    description: "object name and auth scope, such as for teams and projects",
    name: "namespace",
    in: "path",
    required: true,
  });
  assert.deepEqual(parameters["body-2Y1dVQaQ"].schema, {
    $ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
  });
  const { patch } = paths["/api/v1/namespaces/{namespace}/pods/{name}"];
  assert.deepEqual(patch.parameters[0], { $ref: "#/parameters/body-78PwaGsr" });
});

test("v2 keeps what clients look for where it is used: the dry run, the validation of fields, names", () => {
  const { patch, parameters } = json(ask("/openapi/v2")).paths["/api/v1/namespaces/{namespace}/pods/{name}"];
  const inPlace = [...patch.parameters, ...parameters].filter(({ $ref }: Tree) => $ref === undefined);
  assert.deepEqual(
    inPlace.map(({ name, description = "" }: Tree) => `${name} ${description}`),
    ["dryRun ", "fieldValidation ", "name name of the Pod"],
  );
});

test("a parameter is described as the operation has it", () => {
  const { paths } = json(ask("/openapi/v3/api/v1"));
  const said = (list: Tree, name: string): string =>
    list.find((parameter: Tree) => parameter.name === name).description;
  const pods = "/api/v1/namespaces/{namespace}/pods";
  assert.equal(said(paths[pods].post.parameters, "fieldManager"), "Who.");
  assert.equal(said(paths[`${pods}/{name}`].patch.parameters, "fieldManager"), "Who patches.");
  assert.equal(said(paths[`${pods}/{name}`].parameters, "name"), "name of the Pod");
  assert.equal(said(paths[`${pods}/{name}/eviction`].parameters, "name"), "name of the Eviction");
  assert.equal(said(paths[`${pods}/{name}/proxy`].parameters, "path"), "Where in the pod.");
  const withPath = paths[`${pods}/{name}/proxy/{path}`].parameters.filter(({ name }: Tree) => name === "path");
  assert.deepEqual(
    withPath.map((parameter: Tree) => `${parameter.in}: ${parameter.description}`),
    ["path: Where.", "query: Where in the pod."],
  );
});

test("protobuf is served to who asks for it, with the same tag", () => {
  for (const version of ["v2", "v3"]) {
    const url = version === "v2" ? "/openapi/v2" : "/openapi/v3/apis/apps/v1";
    const accept = `application/com.github.proto-openapi.spec.${version}@v1.0+protobuf`;
    const response = ask(url, { accept: `application/json;q=0.5,${accept}` });
    assert.equal(response.contentType, accept.replace("@", "."));
    assert.equal(response.headers!["etag"], ask(url).headers!["etag"]);
    const bytes = response.body as Uint8Array;
    // Field 1, the version of OpenAPI.
    assert.deepEqual([...bytes.subarray(0, 2)], [0x0a, version === "v2" ? 3 : 5]);
  }
});

test("what cannot be answered is refused without a word, and no method is", () => {
  for (const url of ["/openapi/v2", "/openapi/v3/api/v1"]) {
    const { status, body, headers } = ask(url, { accept: "text/html" });
    assert.deepEqual([status, body, headers], [406, "", { vary: "Accept" }]);
    assert.equal(ask(url, { method: "POST" }).status, 200);
  }
  assert.equal(ask("/openapi/v2", { accept: "*/*" }).contentType, "application/json");
});

test("an operation says in a sentence what it does", () => {
  const { paths } = json(ask("/openapi/v2"));
  const said = (path: string, method: string): string => paths[path][method].description;
  const pods = "/api/v1/namespaces/{namespace}/pods";
  assert.equal(said(pods, "get"), "list or watch objects of kind Pod");
  assert.equal(said(pods, "post"), "create a Pod");
  assert.equal(said(pods, "delete"), "delete collection of Pod");
  assert.equal(said(`${pods}/{name}`, "get"), "read the specified Pod");
  assert.equal(said(`${pods}/{name}/eviction`, "post"), "create eviction of a Pod");
  assert.equal(said(`${pods}/{name}/status`, "patch"), "partially update status of the specified Pod");
  assert.equal(said(`${pods}/{name}/proxy/{path}`, "head"), "connect HEAD requests to proxy of Pod");
  assert.equal(said("/apis/apps/", "get"), "get information of a group");
  const v3 = json(ask("/openapi/v3/apis/apps/v1")).paths[
    "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"
  ];
  assert.equal(v3.put.description, "replace scale of the specified Deployment");
});

test("articles go with the kind", () => {
  const subject = { group: "", version: "v1", namespaced: true, subresource: "", path: "", watchable: false };
  const said = (kind: string) => operationSentence("post", "post", { ...subject, kind });
  assert.deepEqual(["Ingress", "Endpoints", "Class", "Event"].map(said), [
    "create an Ingress",
    "create Endpoints",
    "create a Class",
    "create an Event",
  ]);
});

test("the issuer of service accounts' tokens has documents of its own", () => {
  const keys = json(ask("/openapi/v3/openid/v1/jwks")).paths["/openid/v1/jwks/"].get;
  assert.deepEqual(Object.keys(keys.responses["200"].content), ["application/jwk-set+json"]);
  const { paths } = json(ask("/openapi/v2"));
  const { consumes, produces } = paths["/.well-known/openid-configuration/"].get;
  assert.deepEqual([consumes, produces], [undefined, ["application/json"]]);
});
