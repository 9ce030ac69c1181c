import { definition } from "../../api/generated/definitions.ts";
import { declTypeOf } from "../../apimachinery/cel/mod.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ObjectSchema } from "../../apimachinery/schema/schema.ts";
import type { Props } from "../../apimachinery/structural/props.ts";
import { ruleSchema } from "../../apimachinery/structural/rules/schema.ts";
import type { Client } from "../../client/mod.ts";
import type { CheckedKind, CustomKinds } from "./type-check.ts";

interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string }[];
}

type Published = Props & {
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
};

/** Kinds as the server publishes them: in discovery, and in OpenAPI v3 (apiserver/pkg/cel/openapi/resolver/discovery.go). */
export function publishedKinds(client: Client, signal: AbortSignal): CustomKinds {
  const read = async (path: string): Promise<unknown> => {
    try {
      return await client.get(path, { signal });
    } catch (error) {
      // What cannot be known keeps no policy from being what it is.
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  };
  const byKind = async (group: string, version: string, kind: string): Promise<CheckedKind | undefined> => {
    const document = (await read(`/openapi/v3/apis/${group}/${version}`)) as
      | { components?: { schemas?: Readonly<Record<string, Published>> } }
      | undefined;
    const schema = Object.values(document?.components?.schemas ?? {}).find((one) =>
      one["x-kubernetes-group-version-kind"]?.some(
        (known) => known.kind === kind && known.group === group && known.version === version,
      ),
    );
    const type = schema === undefined ? undefined : declTypeOf(wholeSchema(schema), { name: kind });
    return type === undefined ? undefined : { group, version, kind, type };
  };
  return {
    byKind,
    async byPlural(group, version, plural) {
      const list = (await read(`/apis/${group}/${version}`)) as ResourceList | undefined;
      const found = list?.resources?.find(({ name }) => name === plural);
      return found === undefined ? undefined : byKind(group, version, found.kind);
    },
  };
}

/** With metadata, which the published schema refers to. */
function wholeSchema(props: Props): ObjectSchema {
  const { metadata: _, ...properties } = props.properties ?? {};
  const schema = ruleSchema({ ...props, type: "object", properties }) as ObjectSchema;
  const metadata = definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  const field = { name: "metadata", schema: metadata, required: false, empty: "keep" } as const;
  return { ...schema, fields: new Map([...schema.fields, ["metadata", field]]) };
}
