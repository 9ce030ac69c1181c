import type { ApiObject, UserInfo } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { AnyBinding, AnyRole, PolicyRule, RbacDefinitions, RoleRef, Subject } from "./types.ts";
import { rbacGroup } from "./types.ts";

/** A role as bindings refer to it: it may not exist yet, or no more. */
interface RoleSlot {
  rules: readonly PolicyRule[] | undefined;
  /** How many bindings refer to it; a slot without role and without binding is dropped. */
  references: number;
  readonly missing: string;
}

/** That one subject of one binding holds one role. */
export interface Grant {
  readonly binding: AnyBinding;
  readonly subject: Subject;
  readonly role: { readonly rules: readonly PolicyRule[] | undefined; readonly missing: string };
}

/** Grants of one scope (the cluster, or one namespace), found by whom they are made to. */
interface Scope {
  readonly users: Map<string, Grant[]>;
  readonly groups: Map<string, Grant[]>;
}

/**
 * Who holds which rules: an index of all roles and bindings, kept current by the watch cache's changes.
 *
 * Guarantee: after a change has been handed to `onChange` listeners, every answer reflects it. Asking costs map look-ups
 * by user and groups, and never a walk over all bindings.
 */
export class RuleIndex {
  readonly #slots = new Map<string, RoleSlot>();
  readonly #cluster: Scope = { users: new Map(), groups: new Map() };
  readonly #namespaces = new Map<string, Scope>();
  readonly #bindings = new Map<string, AnyBinding>();
  readonly #stops: (() => void)[] = [];

  constructor(reader: ObjectReader, definitions: RbacDefinitions) {
    this.#follow(reader, definitions.clusterRole, (role, exists) => this.#setRole("", role, exists));
    this.#follow(reader, definitions.role, (role, exists) =>
      this.#setRole(role.metadata.namespace ?? "", role, exists),
    );
    this.#follow(reader, definitions.clusterRoleBinding, (binding, exists) => this.#setBinding(binding, exists));
    this.#follow(reader, definitions.roleBinding, (binding, exists) => this.#setBinding(binding, exists));
  }

  #follow<T extends ApiObject>(
    reader: ObjectReader,
    definition: ResourceDefinition<T>,
    take: (object: T, exists: boolean) => void,
  ): void {
    this.#stops.push(reader.onChange(definition, ({ type, object }) => take(object, type !== "DELETED")));
    for (const object of reader.list(definition)) take(object, true);
  }

  /** Stops following changes. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Every grant that applies to the user in the namespace ("": cluster-wide only), until `visit` returns true. */
  some(user: UserInfo, namespace: string, visit: (grant: Grant) => boolean): boolean {
    if (someOf(this.#cluster, user, visit)) return true;
    if (namespace === "") return false;
    const scope = this.#namespaces.get(namespace);
    return scope !== undefined && someOf(scope, user, visit);
  }

  /** All rules the user holds in the namespace, and what could not be resolved. */
  rulesFor(
    user: UserInfo,
    namespace: string,
  ): { readonly rules: readonly PolicyRule[]; readonly errors: readonly string[] } {
    const seen = new Set<AnyBinding>();
    const rules: PolicyRule[] = [];
    const errors: string[] = [];
    this.some(user, namespace, ({ binding, role }) => {
      if (seen.has(binding)) return false;
      seen.add(binding);
      if (role.rules === undefined) errors.push(role.missing);
      else rules.push(...role.rules);
      return false;
    });
    return { rules, errors };
  }

  /** The rules a binding in `namespace` ("": ClusterRoleBinding) would hand out; undefined where the role does not exist. */
  rulesOf(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    return this.#slots.get(slotKey(roleRef, namespace))?.rules;
  }

  #setRole(namespace: string, role: AnyRole, exists: boolean): void {
    const roleRef = { apiGroup: rbacGroup, kind: namespace === "" ? "ClusterRole" : "Role", name: role.metadata.name! };
    const slot = this.#slot(roleRef, namespace);
    slot.rules = exists ? (role.rules ?? []) : undefined;
    this.#dropUnused(slotKey(roleRef, namespace), slot);
  }

  #setBinding(binding: AnyBinding, exists: boolean): void {
    const namespace = binding.metadata.namespace ?? "";
    const key = `${namespace}/${binding.metadata.name}`;
    const before = this.#bindings.get(key);
    if (before) {
      this.#bindings.delete(key);
      this.#eachSubject(before, namespace, (map, who) => removeGrants(map, who, before));
      const slot = this.#slot(before.roleRef, namespace);
      slot.references--;
      this.#dropUnused(slotKey(before.roleRef, namespace), slot);
    }
    if (!exists) {
      this.#dropEmptyScope(namespace);
      return;
    }
    this.#bindings.set(key, binding);
    const role = this.#slot(binding.roleRef, namespace);
    role.references++;
    this.#eachSubject(binding, namespace, (map, who, subject) => {
      const grants = map.get(who);
      if (grants) grants.push({ binding, subject, role });
      else map.set(who, [{ binding, subject, role }]);
    });
  }

  #eachSubject(
    binding: AnyBinding,
    namespace: string,
    act: (map: Map<string, Grant[]>, who: string, subject: Subject) => void,
  ): void {
    const scope = this.#scope(namespace);
    for (const subject of binding.subjects ?? []) {
      if (subject.kind === "User") act(scope.users, subject.name, subject);
      else if (subject.kind === "Group") act(scope.groups, subject.name, subject);
      else if (subject.kind === "ServiceAccount") {
        const home = subject.namespace || namespace;
        if (home !== "") act(scope.users, `system:serviceaccount:${home}:${subject.name}`, subject);
      }
    }
  }

  #scope(namespace: string): Scope {
    if (namespace === "") return this.#cluster;
    let scope = this.#namespaces.get(namespace);
    if (!scope) {
      scope = { users: new Map(), groups: new Map() };
      this.#namespaces.set(namespace, scope);
    }
    return scope;
  }

  #dropEmptyScope(namespace: string): void {
    const scope = this.#namespaces.get(namespace);
    if (scope && scope.users.size === 0 && scope.groups.size === 0) this.#namespaces.delete(namespace);
  }

  #slot(roleRef: RoleRef, namespace: string): RoleSlot {
    const key = slotKey(roleRef, namespace);
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = { rules: undefined, references: 0, missing: missingRole(roleRef) };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  #dropUnused(key: string, slot: RoleSlot): void {
    if (slot.rules === undefined && slot.references === 0) this.#slots.delete(key);
  }
}

function someOf(scope: Scope, user: UserInfo, visit: (grant: Grant) => boolean): boolean {
  const direct = scope.users.get(user.username);
  if (direct) for (const grant of direct) if (visit(grant)) return true;
  for (const group of user.groups) {
    const grants = scope.groups.get(group);
    if (grants) for (const grant of grants) if (visit(grant)) return true;
  }
  return false;
}

function removeGrants(map: Map<string, Grant[]>, who: string, binding: AnyBinding): void {
  const left = map.get(who)?.filter((grant) => grant.binding !== binding) ?? [];
  if (left.length === 0) map.delete(who);
  else map.set(who, left);
}

function slotKey(roleRef: RoleRef, namespace: string): string {
  return roleRef.kind === "Role" ? `Role/${namespace}/${roleRef.name}` : `${roleRef.kind}/${roleRef.name}`;
}

function missingRole({ kind, name }: RoleRef): string {
  if (kind !== "Role" && kind !== "ClusterRole") return `unsupported role reference kind: ${goQuote(kind)}`;
  return `${kind.toLowerCase()}.${rbacGroup} ${goQuote(name)} not found`;
}
