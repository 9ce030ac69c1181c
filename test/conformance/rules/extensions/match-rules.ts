import { emptyName, notQualifiedName } from "../messages.ts";
import { duplicate, invalid, notSupported, type Rule, refused, required, tooMany } from "../rule.ts";
import { selectorRules } from "./selector.ts";

/** What nothing in the server has. */
export const someRule = {
  operations: ["CREATE"],
  apiGroups: ["rules.example"],
  apiVersions: ["v1"],
  resources: ["rules"],
};

/** Rules of RuleWithOperations at the place. */
export function operationRules(place: string): readonly Rule[] {
  const operations = `${place}.operations`;
  const resources = `${place}.resources`;
  return [
    {
      says: `operations are told at ${place}`,
      accepts: [["*"], ["CONNECT", "CREATE", "UPDATE"]].map((value) => ({ [operations]: value })),
      refuses: [
        refused({ [operations]: [] }, required(operations)),
        refused(
          { [operations]: ["*", "CREATE"] },
          invalid(operations, ["*", "CREATE"], "if '*' is present, must not specify other operations"),
        ),
      ],
    },
    ...(
      [
        ["apiGroups", "API groups"],
        ["apiVersions", "API versions"],
      ] as const
    ).map(([field, words]) => ({
      says: `${words} are told at ${place}`,
      accepts: [["*"], ["a", "b"]].map((value) => ({ [`${place}.${field}`]: value })),
      refuses: [
        refused({ [`${place}.${field}`]: [] }, required(`${place}.${field}`)),
        refused(
          { [`${place}.${field}`]: ["a", "*"] },
          invalid(`${place}.${field}`, ["a", "*"], `if '*' is present, must not specify other ${words}`),
        ),
      ],
    })),
    {
      says: `only a group may be empty at ${place}`,
      accepts: { [`${place}.apiGroups`]: [""] },
      refuses: [
        refused({ [`${place}.apiVersions`]: ["v1", ""] }, required(`${place}.apiVersions[1]`)),
        refused({ [resources]: ["", "a"] }, required(`${resources}[0]`)),
        refused({ [resources]: [] }, required(resources)),
      ],
    },
    {
      says: `what a star stands for is not told again at ${place}`,
      accepts: [
        ["*", "a/b"],
        ["*/a", "a/b"],
        ["a/b", "a/*"],
        ["a", "*"],
      ].map((value) => ({ [resources]: value })),
      refuses: [
        refused(
          { [resources]: ["a/*", "a/b"] },
          invalid(`${resources}[1]`, "a/b", "if 'a/*' is present, must not specify a/b"),
        ),
        refused(
          { [resources]: ["*/b", "a/b"] },
          invalid(`${resources}[1]`, "a/b", "if '*/b' is present, must not specify a/b"),
        ),
        refused(
          { [resources]: ["a", "*/*"] },
          invalid(resources, ["a", "*/*"], "if '*/*' is present, must not specify other resources"),
        ),
        refused(
          { [resources]: ["*", "a"] },
          invalid(resources, ["*", "a"], "if '*' is present, must not specify other resources without subresources"),
        ),
      ],
    },
    {
      says: `a scope is a known one at ${place}`,
      accepts: ["*", "Cluster", "Namespaced"].map((scope) => ({ [`${place}.scope`]: scope })),
      refuses: refused(
        { [`${place}.scope`]: "World" },
        notSupported(`${place}.scope`, "World", ["*", "Cluster", "Namespaced"]),
      ),
    },
  ];
}

/** Rules of a list of conditions at the place. */
export function conditionRules(place: string): readonly Rule[] {
  const many = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `a${i}`, expression: "true" }));
  return [
    {
      says: "there are up to 64 conditions",
      accepts: { [place]: many(64) },
      refuses: refused({ [place]: many(65) }, tooMany(place, 65, "must have at most 64 items")),
    },
    {
      says: "a condition has an expression that gives a bool",
      accepts: { [place]: [{ name: "a", expression: " object.b == 1 " }] },
      refuses: [
        refused({ [place]: [{ name: "a", expression: " " }] }, required(`${place}[0].expression`)),
        refused(
          { [place]: [{ name: "a", expression: " 1 " }] },
          invalid(`${place}[0].expression`, "1", "must evaluate to bool but got int"),
        ),
        refused(
          { [place]: [{ name: "a", expression: "b" }] },
          invalid(`${place}[0].expression`, "b", notDeclared("b")),
        ),
      ],
    },
    {
      says: "a condition has a qualified name of its own",
      accepts: { [place]: ["a", "b.example/a"].map((name) => ({ name, expression: "true" })) },
      refuses: [
        refused({ [place]: [{ name: "", expression: "true" }] }, required(`${place}[0].name`)),
        refused(
          { [place]: [{ name: "a/", expression: "true" }] },
          invalid(`${place}[0].name`, "a/", emptyName),
          invalid(`${place}[0].name`, "a/", notQualifiedName),
        ),
        refused(
          { [place]: ["a", "a"].map((name) => ({ name, expression: "true" })) },
          duplicate(`${place}[1].name`, "a"),
        ),
      ],
    },
  ];
}

/** Of an expression that is one name. */
export const notDeclared = (name: string): string =>
  `compilation failed: ERROR: <input>:1:1: undeclared reference to '${name}' (in container '')\n | ${name}\n | ^`;

/** Rules of the match resources at the place. */
export function resourcesRules(place: string): readonly Rule[] {
  const names = `${place}.resourceRules[0].resourceNames`;
  const excluded = `${place}.excludeResourceRules`;
  return [
    {
      says: "a match is exact, or of what is equivalent",
      accepts: ["Equivalent", "Exact"].map((policy) => ({ [`${place}.matchPolicy`]: policy })),
      refuses: refused(
        { [`${place}.matchPolicy`]: "Rough" },
        notSupported(`${place}.matchPolicy`, "Rough", ["Equivalent", "Exact"]),
      ),
    },
    ...selectorRules(`${place}.namespaceSelector`),
    ...selectorRules(`${place}.objectSelector`),
    ...operationRules(`${place}.resourceRules[0]`),
    {
      says: "what is left out is told by the same rules",
      accepts: { [excluded]: [{ ...someRule, operations: ["DELETE"] }] },
      refuses: [
        refused(
          { [excluded]: [{ ...someRule, operations: ["READ"] }] },
          notSupported(`${excluded}[0].operations[0]`, "READ", ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]),
        ),
        refused(
          { [excluded]: [{ ...someRule, resourceNames: [".."] }] },
          invalid(`${excluded}[0].resourceNames[0]`, "..", "may not be '..'"),
        ),
      ],
    },
    {
      says: "names of resources are segments of a path, each once",
      accepts: { [names]: ["a:b", "A"] },
      refuses: [
        refused(
          { [names]: ["a/b%"] },
          invalid(`${names}[0]`, "a/b%", "may not contain '/'"),
          invalid(`${names}[0]`, "a/b%", "may not contain '%'"),
        ),
        refused({ [names]: ["a", "b", "a"] }, duplicate(`${names}[2]`, "a")),
      ],
    },
  ];
}
