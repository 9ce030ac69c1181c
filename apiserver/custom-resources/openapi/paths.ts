import { type PathOperations, publishedPaths } from "../../../api/generated/paths.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { groupTag, groupVersionWord, operationId, operationSentence } from "../../openapi/names.ts";
import {
  type Content,
  codesOfAction,
  type DocumentPaths,
  fixedPath,
  meta,
  type Operation,
  type OperationsOfPath,
} from "../../openapi/operations.ts";
import type { ServedDefinition } from "../custom-resources.ts";
import { schemaName } from "./schemas.ts";

/** Built-in resources whose published paths and parameters are those of any of their scope, `status` and `scale` included. */
const models = {
  Namespaced: "/apis/apps/v1/namespaces/{namespace}/deployments",
  Cluster: "/apis/storage.k8s.io/v1/volumeattachments",
};

/** Whether anything of the definition stands in the document of that name. */
export function isOf({ definitions }: ServedDefinition, document: string): boolean {
  return definitions.some(({ group, version }) => document === `apis/${group}/${version}`);
}

/** A document for each group version that users have defined (apiextensions-apiserver/pkg/controller/openapi/builder). */
export function customPaths(served: readonly ServedDefinition[]): readonly DocumentPaths[] {
  const documents = new Map<string, OperationsOfPath[]>();
  for (const { definitions } of served) {
    for (const definition of definitions) {
      const { group, version } = definition;
      const root = `apis/${group}`;
      if (!documents.has(root)) {
        const id = `get${groupVersionWord(group, "")}APIGroup`;
        documents.set(root, [fixedPath(`/${root}/`, id, groupTag(group, ""), "APIGroup")]);
      }
      const paths = documents.get(`${root}/${version}`) ?? [groupVersionPath(group, version)];
      documents.set(`${root}/${version}`, paths);
      paths.push(...pathsOf(definition));
    }
  }
  return [...documents].map(([name, paths]) => ({ name, paths }));
}

function groupVersionPath(group: string, version: string): OperationsOfPath {
  const id = `get${groupVersionWord(group, version)}APIResources`;
  return fixedPath(`/apis/${group}/${version}/`, id, groupTag(group, version), "APIResourceList");
}

function* pathsOf(definition: ResourceDefinition): Generator<OperationsOfPath> {
  const { group, version, plural, scope, subresources } = definition;
  const model = models[scope];
  const published = publishedPaths();
  const own = `/apis/${group}/${version}`;
  const collection = `${own}${scope === "Namespaced" ? "/namespaces/{namespace}" : ""}/${plural}`;
  if (scope === "Namespaced") {
    yield operationsOf(definition, `${own}/${plural}`, published["/apis/apps/v1/deployments"]!, "");
  }
  yield operationsOf(definition, collection, published[model]!, "");
  yield operationsOf(definition, `${collection}/{name}`, published[`${model}/{name}`]!, "");
  if (subresources.status === true) {
    yield operationsOf(definition, `${collection}/{name}/status`, published[`${model}/{name}/status`]!, "status");
  }
  if (subresources.scale !== undefined) {
    const scale = published[`${models.Namespaced}/{name}/scale`]!;
    yield operationsOf(definition, `${collection}/{name}/scale`, scale, "scale");
  }
}

function operationsOf(
  definition: ResourceDefinition,
  path: string,
  published: PathOperations,
  subresource: string,
): OperationsOfPath {
  const { group, version, kind, scope } = definition;
  const subject = { group, version, kind, namespaced: scope === "Namespaced", subresource, path, watchable: false };
  const operations = new Map<string, Operation>();
  const isScale = subresource === "scale";
  const own = isScale ? "api.autoscaling.v1.Scale" : `=${schemaName(definition)}`;
  for (const [method, [action, , query = []]] of Object.entries(published)) {
    if (action === undefined) continue;
    const body = bodyOf(action, own);
    operations.set(method, {
      id: operationId(action, method, subject),
      tag: groupTag(group, version),
      description: operationSentence(action, method, subject),
      action,
      kind: isScale ? "autoscaling/v1/Scale" : `${group}/${version}/${kind}`,
      query,
      ...(body && { body }),
      answer: answerOf(action, own, definition),
      codes: codesOfAction[action] ?? [200],
      encodings: "custom",
    });
  }
  return { path, operations };
}

function bodyOf(action: string, own: string): Operation["body"] {
  switch (action) {
    case "post":
    case "put":
      return { definition: own, required: true };
    case "patch":
      return { definition: `${meta}.Patch`, required: true };
    case "delete":
    case "deletecollection":
      return { definition: `${meta}.DeleteOptions`, required: false };
    default:
      return undefined;
  }
}

function answerOf(action: string, own: string, definition: ResourceDefinition): Content {
  if (action === "list") return { definition: `=${schemaName(definition)}List` };
  return { definition: action.startsWith("delete") ? `${meta}.Status` : own };
}
