import { equalJson } from "../json/equal.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { itemsOf, type Props, propertyOf, valuesOf } from "./props.ts";

/**
 * A value beside the one that stood in its place before an update: what was wrong then and has not changed is let be
 * (KEP-4008; apiserver/pkg/cel/common/equality.go). Items of a list correlate by their keys, and only in lists of type
 * `map`.
 */
export class Correlation {
  readonly value: JsonValue;
  readonly old: JsonValue;
  readonly #props: Props;
  #equal: boolean | undefined;

  constructor(value: JsonValue, old: JsonValue, props: Props) {
    this.value = value;
    this.old = old;
    this.#props = props;
  }

  /** The field of that name, where both have it and the schema knows it. */
  key(name: string): Correlation | undefined {
    const { value, old } = this;
    if (!isJsonObject(value) || !isJsonObject(old)) return undefined;
    const props = propertyOf(this.#props, name) ?? valuesOf(this.#props);
    if (props === undefined || !Object.hasOwn(value, name) || !Object.hasOwn(old, name)) return undefined;
    return new Correlation(value[name]!, old[name]!, props);
  }

  /** The item at `index` beside the old item of the same keys. */
  index(index: number): Correlation | undefined {
    const items = itemsOf(this.#props);
    if (items === undefined || this.#props["x-kubernetes-list-type"] !== "map" || !Array.isArray(this.value)) {
      return undefined;
    }
    const item = this.value[index];
    if (!isJsonObject(item) || !Array.isArray(this.old)) return undefined;
    const old = this.old.find((other) => isJsonObject(other) && this.#sameKeys(item, other));
    return old === undefined ? undefined : new Correlation(item, old, items);
  }

  #sameKeys(a: JsonObject, b: JsonObject): boolean {
    return (this.#props["x-kubernetes-list-map-keys"] ?? []).every((name) => equalJson(a[name], b[name]));
  }

  /** Whether nothing changed; the order of a keyed list's items does not count. */
  get equal(): boolean {
    this.#equal ??= this.#compare();
    return this.#equal;
  }

  #compare(): boolean {
    const { value, old } = this;
    if (value === null || old === null) return value === old;
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false;
      if (this.#props["x-kubernetes-list-type"] !== "map") return equalJson(value, old);
      return value.every((_, i) => this.index(i)?.equal === true);
    }
    if (isJsonObject(value) && isJsonObject(old)) {
      const keys = Object.keys(value);
      return keys.length === Object.keys(old).length && keys.every((key) => this.key(key)?.equal === true);
    }
    return equalJson(value, old);
  }
}
