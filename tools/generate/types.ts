import type { CompactDefinition, CompactDefinitions, CompactField } from "../../apimachinery/schema/compact.ts";

/** Definitions whose TypeScript type is not their fields: as stored, and as a client may send them. */
const special: Readonly<Record<string, readonly [stored: string, input: string]>> = {
  "apimachinery.pkg.api.resource.Quantity": ["string", "string | number"],
  "apimachinery.pkg.util.intstr.IntOrString": ["number | string", "number | string"],
  "apimachinery.pkg.runtime.RawExtension": ["object", "object"],
  "apimachinery.pkg.apis.meta.v1.Time": ["string", "string"],
  "apimachinery.pkg.apis.meta.v1.MicroTime": ["string", "string"],
  "apimachinery.pkg.apis.meta.v1.FieldsV1": ["object", "object"],
  "apimachinery.pkg.apis.meta.v1.Patch": ["object", "object"],
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": ["unknown", "unknown"],
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": [
    "JSONSchemaProps | readonly JSONSchemaProps[]",
    "JSONSchemaPropsInput | readonly JSONSchemaPropsInput[]",
  ],
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": [
    "JSONSchemaProps | boolean",
    "JSONSchemaPropsInput | boolean",
  ],
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": [
    "JSONSchemaProps | readonly string[]",
    "JSONSchemaPropsInput | readonly string[]",
  ],
};

const scalars: Readonly<Record<string, string>> = {
  string: "string",
  bool: "boolean",
  int32: "number",
  int64: "number",
  float64: "number",
  "[]uint8": "string",
};

const metaPackage = "apimachinery.pkg.apis.meta.v1";
/** Written by hand in apimachinery/resource/object.ts. */
const handWritten = ["ObjectMeta", "OwnerReference", "ManagedFieldsEntry"];

const packageOf = (definition: string): string => definition.slice(0, definition.lastIndexOf("."));
const nameOf = (definition: string): string => definition.slice(definition.lastIndexOf(".") + 1);

/** File of a package below types/, without extension: `core-v1`, `meta-v1`, `version`. */
function fileOf(definitionPackage: string): string {
  const parts = definitionPackage.split(".");
  const last = parts.at(-1)!;
  return /^v\d/.test(last) ? `${parts.at(-2)}-${last}` : last;
}

type Form = "stored" | "input";

/** A default that is empty, of a field whose empty value is not written: it is never there to be read. */
function neverWritten(field: CompactField): boolean {
  return field.keep !== 1 && field.type in scalars && !field.default;
}

class TypesFile {
  readonly #package: string;
  readonly #definitions: CompactDefinitions;
  readonly #imports = new Map<string, Set<string>>();
  readonly #lines: string[] = [];

  constructor(definitionPackage: string, definitions: CompactDefinitions) {
    this.#package = definitionPackage;
    this.#definitions = definitions;
  }

  /** The type's name in this file; imports it where it lives in another. */
  #reference(definition: string, form: Form): string {
    const fixed = special[definition];
    if (fixed !== undefined) {
      const text = form === "stored" ? fixed[0] : fixed[1];
      return text.includes(" ") ? `(${text})` : text;
    }
    const from = packageOf(definition);
    const name =
      nameOf(definition) +
      (form === "input" && !(from === metaPackage && handWritten.includes(nameOf(definition))) ? "Input" : "");
    if (from === this.#package) return name;
    const local = this.#definitions[`${this.#package}.${nameOf(definition)}`]
      ? `${fileOf(from).replace(/-(.)/, (_, c: string) => c.toUpperCase())}${name}`
      : name;
    const path =
      from === metaPackage && handWritten.includes(name)
        ? "../../../apimachinery/resource/object.ts"
        : `./${fileOf(from)}.ts`;
    const names = this.#imports.get(path) ?? new Set();
    this.#imports.set(path, names.add(local === name ? name : `${name} as ${local}`));
    return local;
  }

  #type(type: string, form: Form): string {
    const scalar = scalars[type];
    if (scalar !== undefined) return scalar;
    if (type.startsWith("[]")) {
      return `readonly ${this.#type(type.slice(2), form)}[]`;
    }
    if (type.startsWith("map[string]")) {
      return `Readonly<Record<string, ${this.#type(type.slice("map[string]".length), form)}>>`;
    }
    return this.#reference(type, form);
  }

  #field(name: string, raw: string | CompactField, definition: CompactDefinition, form: Form): string {
    const field: CompactField = typeof raw === "string" ? { type: raw } : raw;
    const defaulted = field.coded !== undefined || (field.default !== undefined && !neverWritten(field));
    const required = definition.required?.includes(name) ?? false;
    const present = form === "stored" ? required || defaulted : required && field.coded === undefined;
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    return `  readonly ${key}${present ? "" : "?"}: ${this.#type(field.type, form).replace(/^\((.*)\)$/, "$1")};`;
  }

  add(name: string): void {
    const definition = this.#definitions[`${this.#package}.${name}`]!;
    if (special[`${this.#package}.${name}`] !== undefined) return;
    if (this.#package === metaPackage && handWritten.includes(name)) return;
    for (const form of ["stored", "input"] as const) this.#interface(name, definition, form);
  }

  #interface(name: string, definition: CompactDefinition, form: Form): void {
    const fields = Object.entries(definition.fields ?? {});
    const kinds = (definition.kinds ?? []).map((kind) => kind.split("/") as [string, string, string]);
    const metadata = definition.fields?.metadata;
    const isObject = kinds.length > 0 && typeof metadata === "object" && metadata.type === `${metaPackage}.ObjectMeta`;
    const heads: Record<string, string> = {};
    if (kinds.length > 0 && definition.fields?.kind !== undefined) {
      const only = kinds.length === 1 ? kinds[0]! : undefined;
      const optional = form === "input" ? "?" : "";
      heads.apiVersion = `  readonly apiVersion${optional}: ${only ? JSON.stringify(only[0] === "" ? only[1] : `${only[0]}/${only[1]}`) : "string"};`;
      heads.kind = `  readonly kind${optional}: ${JSON.stringify(kinds[0]![2])};`;
    }
    const extended = isObject && form === "stored" ? " extends ApiObject" : "";
    if (extended)
      this.#imports.set(
        "../../../apimachinery/resource/object.ts",
        (this.#imports.get("../../../apimachinery/resource/object.ts") ?? new Set()).add("ApiObject"),
      );
    const lines = fields.map(([key, field]) => heads[key] ?? this.#field(key, field, definition, form));
    const title = name + (form === "input" ? "Input" : "");
    if (lines.length === 0) this.#lines.push(`export type ${title} = Readonly<Record<string, never>>;`, "");
    else this.#lines.push(`export interface ${title}${extended} {`, ...lines, "}", "");
  }

  text(): string {
    const imports = [...this.#imports]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, names]) => `import type { ${[...names].sort().join(", ")} } from "${path}";`);
    const meta =
      this.#package === metaPackage
        ? [`export type { ${handWritten.join(", ")} } from "../../../apimachinery/resource/object.ts";`, ""]
        : [];
    return [
      "// Generated by `npm run generate`; do not edit.",
      ...(imports.length > 0 ? ["", ...imports] : []),
      "",
      ...meta,
      ...this.#lines,
    ]
      .join("\n")
      .replace(/\n+$/, "\n");
  }
}

/** File name → text of the modules below api/generated/types/: each definition as it is stored, and as a client may send it. */
export function typeModules(definitions: CompactDefinitions): ReadonlyMap<string, string> {
  const packages = new Map<string, string[]>();
  for (const name of Object.keys(definitions)) {
    const key = packageOf(name);
    packages.set(key, [...(packages.get(key) ?? []), nameOf(name)]);
  }
  const modules = new Map<string, string>();
  for (const [definitionPackage, names] of packages) {
    const file = new TypesFile(definitionPackage, definitions);
    for (const name of names) file.add(name);
    const text = file.text();
    if (text.includes("export ")) modules.set(`${fileOf(definitionPackage)}.ts`, text);
  }
  return modules;
}
