import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, modelNames, operationsIn, parameterSentences, readDescriptions } from "./descriptions.ts";

test("a definition's model is named by version and kind, and by its group where that is not enough", () => {
  assert.deepEqual(modelNames("api.core.v1.Event"), ["CoreV1Event", "V1Event"]);
  assert.deepEqual(modelNames("apimachinery.pkg.apis.meta.v1.ObjectMeta"), ["MetaV1ObjectMeta", "V1ObjectMeta"]);
});

test("sentences are taken from the comments of the class and of its fields", () => {
  const declaration = `/**
* A \\"widget\\".
*/
export declare class V1Widget {
    /**
    * How many.
    */
    'count': number;
    'ref'?: V1Ref;
    /**
    * Where \\\\d is.
    */
    'xPlace'?: string;
    /**
    * Of no field.
    */
    'other'?: string;
    static readonly discriminator: string | undefined;
`;
  const definition = { fields: { count: "int32", ref: "api.x.v1.Ref", "x-place": "string" } };
  assert.deepEqual(describe(declaration, definition), {
    description: 'A "widget".',
    fields: { count: "How many.", "x-place": "Where \\d is." },
  });
});

test("nearly every definition is described by the package, and none where there is no package", () => {
  const { definitions } = readDescriptions();
  assert.ok(Object.keys(definitions).length > 700);
  assert.match(definitions["io.k8s.api.core.v1.Pod"]!.description!, /^Pod is a collection of containers/);
  assert.ok(definitions["io.k8s.api.core.v1.Container"]!.fields["image"]);
  assert.notEqual(
    definitions["io.k8s.api.core.v1.Event"]!.description,
    definitions["io.k8s.api.events.v1.Event"]!.description,
  );
  assert.deepEqual(readDescriptions("/nowhere"), { definitions: {}, parameters: {} });
});

test("sentences of parameters are taken from the comments of an API's requests", () => {
  const declaration = `/**
 * no description
 */
export declare class WidgetsV1ApiRequestFactory {
    /**
     * list widgets
     * @param _continue Where a \\&quot;list&quot; goes on.  Not for watches.
     * @param limit How many, 1 &lt; n.
     */
    listNamespacedWidget(_continue?: string): Promise<RequestContext>;
    /**
     * delete widgets
     * @param limit How many go.
     */
    deleteCollectionNamespacedWidget(limit?: number): Promise<RequestContext>;
}
export declare class WidgetsV1ApiResponseProcessor {
    /**
     * @param response Of no operation.
     */
    listNamespacedWidget(response: ResponseContext): Promise<V1WidgetList>;
}
`;
  assert.deepEqual(operationsIn(declaration, "WidgetsV1"), [
    {
      id: "listWidgetsV1NamespacedWidget",
      parameters: { continue: 'Where a "list" goes on.\n\nNot for watches.', limit: "How many, 1 < n." },
    },
    { id: "deleteWidgetsV1CollectionNamespacedWidget", parameters: { limit: "How many go." } },
  ]);
});

test("a parameter's sentence is said once, and again where a verb or an operation has another", () => {
  const operation = (id: string, follow: string) => ({ id, parameters: { follow, name: `name of ${id}` } });
  assert.deepEqual(
    parameterSentences([
      operation("readV1A", "Goes on."),
      operation("readV1B", "Goes on."),
      operation("readV1C", "Goes on here."),
      operation("patchV1A", "Goes on too."),
    ]),
    { follow: "Goes on.", "readV1C follow": "Goes on here.", "patch follow": "Goes on too." },
  );
});

test("the package describes the parameters of all requests", () => {
  const { parameters } = readDescriptions();
  assert.match(parameters["watch"]!, /^Watch for changes to the described resources/);
  assert.match(parameters["patch fieldManager"]!, /required for apply requests/);
  assert.notEqual(parameters["connectCoreV1GetNamespacedPodExec stdin"], parameters["stdin"]);
});
