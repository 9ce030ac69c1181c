/** The sentences of one definition. */
export interface DefinitionDescriptions {
  readonly description?: string;
  /** By the field's name; a field without a sentence of its own is absent. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What `kubectl explain` shows, and what OpenAPI says of the parameters of requests. */
export interface Descriptions {
  /** By full definition name, such as `io.k8s.api.core.v1.Pod`. */
  readonly definitions: Readonly<Record<string, DefinitionDescriptions>>;
  /**
   * By the parameter's name, such as `limit`; where that is not enough, by the first word of the operation's id and the name,
   * `patch fieldManager`, or by the whole id, `connectCoreV1GetNamespacedPodExec stdin`. The most particular holds.
   */
  readonly parameters: Readonly<Record<string, string>>;
}
