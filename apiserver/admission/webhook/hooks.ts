import type {
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook,
  WebhookClientConfig,
} from "../../../api/generated/types/admissionregistration-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { fromLabelSelector, type Selector } from "../../../apimachinery/selectors/label-selector.ts";
import type { LabelSelector } from "../../../apimachinery/validation/label-fields.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { CompileConditions, MatchConditions } from "../dynamic/match-conditions.ts";

/** One webhook, ready to be asked about. */
export interface Hook {
  /** `configuration/name/0`: unique among all. */
  readonly uid: string;
  readonly configuration: string;
  readonly name: string;
  readonly clientConfig: WebhookClientConfig;
  readonly rules: readonly RuleWithOperations[];
  readonly failOpen: boolean;
  readonly equivalent: boolean;
  /** Throw SelectorError where they cannot be read: what is stored may be older than the rules. */
  namespaceSelector(): Selector;
  objectSelector(): Selector;
  readonly harmlessDryRun: boolean;
  readonly timeoutMs: number;
  readonly reviewVersions: readonly string[];
  readonly reinvokes: boolean;
  readonly conditions: MatchConditions | undefined;
}

type Configuration = ApiObject & { readonly webhooks?: readonly (ValidatingWebhook | MutatingWebhook)[] };

/**
 * All webhooks of one kind of configuration, in the order in which they are called: configurations by name, webhooks as they
 * stand there. Compiled once a configuration's change; while there is none, asking costs nothing.
 */
export class HookSource {
  readonly #reader: ObjectReader;
  readonly #definition: ResourceDefinition<Configuration>;
  readonly #compile: CompileConditions;
  readonly #type: "admit" | "validating";
  readonly #compiled = new Map<string, { readonly version: string | undefined; readonly hooks: readonly Hook[] }>();
  #hooks: readonly Hook[] | undefined;

  constructor(
    reader: ObjectReader,
    definition: ResourceDefinition<Configuration>,
    type: "admit" | "validating",
    compile: CompileConditions,
  ) {
    this.#reader = reader;
    this.#definition = definition;
    this.#type = type;
    this.#compile = compile;
    reader.onChange(definition, ({ type: change, object }) => {
      this.#hooks = undefined;
      if (change === "DELETED") this.#compiled.delete(object.metadata.name ?? "");
    });
  }

  get hooks(): readonly Hook[] {
    this.#hooks ??= this.#read();
    return this.#hooks;
  }

  #read(): readonly Hook[] {
    const configurations = [...this.#reader.list(this.#definition)];
    configurations.sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
    return configurations.flatMap((configuration) => {
      const { name = "", resourceVersion: version } = configuration.metadata;
      const known = this.#compiled.get(name);
      if (known !== undefined && known.version === version) return known.hooks;
      const hooks = this.#hooksOf(configuration);
      this.#compiled.set(name, { version, hooks });
      return hooks;
    });
  }

  #hooksOf({ metadata: { name: configuration = "" }, webhooks = [] }: Configuration): readonly Hook[] {
    const seen = new Map<string, number>();
    return webhooks.map((webhook): Hook => {
      const { name, matchConditions = [], failurePolicy, sideEffects } = webhook;
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      return {
        uid: `${configuration}/${name}/${count}`,
        configuration,
        name,
        clientConfig: webhook.clientConfig,
        rules: webhook.rules ?? [],
        failOpen: failurePolicy === "Ignore",
        equivalent: webhook.matchPolicy === "Equivalent",
        namespaceSelector: once(webhook.namespaceSelector),
        objectSelector: once(webhook.objectSelector),
        harmlessDryRun: sideEffects === "None" || sideEffects === "NoneOnDryRun",
        timeoutMs: (webhook.timeoutSeconds ?? 10) * 1000,
        reviewVersions: webhook.admissionReviewVersions ?? [],
        reinvokes: "reinvocationPolicy" in webhook && webhook.reinvocationPolicy === "IfNeeded",
        conditions:
          matchConditions.length === 0
            ? undefined
            : this.#compile(matchConditions, failurePolicy, { kind: "webhook", type: this.#type, name }),
      };
    });
  }
}

function once(selector: LabelSelector | undefined): () => Selector {
  let parsed: Selector | undefined;
  return () => {
    parsed ??= fromLabelSelector(selector ?? {});
    return parsed;
  };
}
