/** The sentences of one definition. */
export interface DefinitionDescriptions {
  readonly description?: string;
  /** By the field's name; a field without a sentence of its own is absent. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What `kubectl explain` shows, by full definition name, such as `io.k8s.api.core.v1.Pod`. */
export type Descriptions = Readonly<Record<string, DefinitionDescriptions>>;
