import type { CompactMessage, CompactMessages } from "./compact.ts";
import { type ChoiceMessage, choiceMessages, type SpecialMessage, specialMessages } from "./special.ts";

export type ScalarType = "string" | "bool" | "int32" | "int64" | "float64" | "bytes";

/** One field of a message, ready to be written and read. */
export interface MessageField {
  readonly number: number;
  /** Number and wire type, as they stand before the value. */
  readonly tag: number;
  /** The same of the value in an entry of a map. */
  readonly valueTag: number;
  /** Its name in JSON. */
  readonly name: string;
  readonly type: ScalarType | "message";
  /** Of a field of type `message`. */
  readonly message: Message;
  readonly cardinality: "one" | "list" | "map";
  /** Absent and empty differ; what is no pointer is always written. */
  readonly pointer: boolean;
  /** The message's fields stand among its parent's in JSON. */
  readonly embedded: boolean;
  /** An empty value is shown in JSON. */
  readonly showEmpty: boolean;
  /** JSON shows the field even where the bytes lack it. */
  readonly always: boolean;
}

export interface Message {
  /** The definition's name without its leading `io.k8s.`. */
  readonly name: string;
  /** In ascending order of their numbers. */
  readonly fields: readonly MessageField[];
  readonly byNumber: readonly (MessageField | undefined)[];
  /** Fields that JSON shows even where the bytes lack them. */
  readonly always: readonly MessageField[];
  /** The message is a list that Go names: this field alone, and its JSON is that field's value. */
  readonly list: MessageField | undefined;
  readonly special: SpecialMessage | undefined;
  readonly choice: ChoiceMessage | undefined;
}

const wireTypes: Readonly<Record<MessageField["type"], number>> = {
  bool: 0,
  int32: 0,
  int64: 0,
  float64: 1,
  string: 2,
  bytes: 2,
  message: 2,
};

const scalars: Readonly<Record<string, ScalarType>> = {
  string: "string",
  bool: "bool",
  int32: "int32",
  int64: "int64",
  float64: "float64",
  "[]uint8": "bytes",
};

/** Messages by name and by kind. */
export interface MessageTable {
  /** The message of a kind; undefined where there is none. */
  ofKind(apiVersion: string, kind: string): Message | undefined;
}

const compactField = /^(\d+) ([*~+=]*)(\[\](?!uint8)|map\[string\])?(\S+) (\S+)$/;

/** Kinds that every group version has, custom ones as well. */
const everywhere: ReadonlySet<string> = new Set(["DeleteOptions", "WatchEvent"]);

/** The messages of a compact table; `load` is called once, when the first is asked for. */
export function messageTable(load: () => CompactMessages): MessageTable {
  let compact: CompactMessages | undefined;
  let kinds: Map<string, string> | undefined;
  const built = new Map<string, Message>();

  const resolve = (name: string): Message => {
    const known = built.get(name);
    if (known !== undefined) return known;
    const source = compact![name];
    if (source === undefined) throw new Error(`no protobuf message is named ${name}`);
    const message = buildMessage(name, source, resolve);
    built.set(name, message);
    return message;
  };
  const index = (): Map<string, string> => {
    compact = load();
    const names = new Map<string, string>();
    for (const [name, message] of Object.entries(compact))
      for (const kind of message.kinds ?? []) names.set(kind, name);
    return names;
  };
  return {
    ofKind(apiVersion, kind) {
      kinds ??= index();
      const name = kinds.get(apiVersion.includes("/") ? `${apiVersion}/${kind}` : `/${apiVersion}/${kind}`);
      if (name !== undefined) return resolve(name);
      if (!everywhere.has(kind)) return undefined;
      const common = kinds.get(`/v1/${kind}`);
      return common === undefined ? undefined : resolve(common);
    },
  };
}

function buildMessage(
  name: string,
  { fields: compact = [] }: CompactMessage,
  resolve: (name: string) => Message,
): Message {
  const byNumber: (MessageField | undefined)[] = [];
  let list: MessageField | undefined;
  const fields = compact.map((text) => {
    const [, number, flags, cardinality, type, jsonName] = compactField.exec(text)!;
    const scalar = scalars[type!];
    let message: Message | undefined;
    const pointer = flags!.includes("*");
    const embedded = flags!.includes("~");
    const showEmpty = flags!.includes("+");
    const plain = cardinality === undefined && !pointer && !embedded && scalar !== "bytes";
    const field: MessageField = {
      number: Number(number),
      tag: (Number(number) << 3) | (cardinality === "map[string]" ? 2 : wireTypes[scalar ?? "message"]),
      valueTag: (2 << 3) | wireTypes[scalar ?? "message"],
      name: jsonName!,
      type: scalar ?? "message",
      get message() {
        message ??= resolve(type!);
        return message;
      },
      cardinality: cardinality === undefined ? "one" : cardinality === "[]" ? "list" : "map",
      pointer,
      embedded,
      showEmpty,
      always: plain && (showEmpty || scalar === undefined),
    };
    if (flags!.includes("=")) list = field;
    byNumber[field.number] = field;
    return field;
  });
  const always = fields.filter((field) => field.always);
  return {
    name,
    fields,
    byNumber: Array.from(byNumber),
    always,
    list,
    special: specialMessages.get(name),
    choice: choiceMessages.get(name),
  };
}
