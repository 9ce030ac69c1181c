/**
 * The committed form of protobuf messages: what it takes to turn their bytes into the JSON that Kubernetes shows, and back.
 *
 * A field is `"NUMBER FLAGS+TYPE NAME"`, in ascending order of its number. The type is written as in the schema's compact
 * form: `string`, `bool`, `int32`, `int64`, `float64`, `[]uint8`, `[]T`, `map[string]T` or the name of a message. NAME is
 * the field's name in JSON. Flags say what Go's struct says:
 *  - `*` a pointer: absent and empty differ. What is no pointer, list or map is always written.
 *  - `~` embedded: the fields of the message stand among its parent's in JSON.
 *  - `+` empty values are shown in JSON (no omitempty).
 *  - `=` the message is a list that Go names: its JSON is this field's value.
 */
export interface CompactMessage {
  readonly fields?: readonly string[];
  /** `group/version/Kind`; the core group is empty. */
  readonly kinds?: readonly string[];
}

/** By name: the definition's, without its leading `io.k8s.`. */
export type CompactMessages = Readonly<Record<string, CompactMessage>>;
