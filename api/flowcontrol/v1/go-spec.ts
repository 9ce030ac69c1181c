import type * as types from "../../generated/types/flowcontrol-v1.ts";

// A refused spec as upstream's messages show it: the JSON of its internal Go structs, whose fields have no other names.

const list = <T, R>(items: readonly T[] | undefined, one: (item: T) => R): readonly R[] | null =>
  items === undefined ? null : items.map(one);
const text = (item: string): string => item;

export function goFlowSchemaSpec(spec: types.FlowSchemaSpec): object {
  return {
    PriorityLevelConfiguration: { Name: spec.priorityLevelConfiguration?.name ?? "" },
    MatchingPrecedence: spec.matchingPrecedence,
    DistinguisherMethod: spec.distinguisherMethod === undefined ? null : { Type: spec.distinguisherMethod.type ?? "" },
    Rules: list(spec.rules, ({ subjects, resourceRules, nonResourceRules }) => ({
      Subjects: list(subjects, goSubject),
      ResourceRules: list(resourceRules, (rule) => ({
        Verbs: list(rule.verbs, text),
        APIGroups: list(rule.apiGroups, text),
        Resources: list(rule.resources, text),
        ClusterScope: rule.clusterScope ?? false,
        Namespaces: list(rule.namespaces, text),
      })),
      NonResourceRules: list(nonResourceRules, (rule) => ({
        Verbs: list(rule.verbs, text),
        NonResourceURLs: list(rule.nonResourceURLs, text),
      })),
    })),
  };
}

function goSubject({ kind, user, group, serviceAccount }: types.Subject): object {
  return {
    Kind: kind ?? "",
    User: user === undefined ? null : { Name: user.name ?? "" },
    Group: group === undefined ? null : { Name: group.name ?? "" },
    ServiceAccount:
      serviceAccount === undefined
        ? null
        : { Namespace: serviceAccount.namespace ?? "", Name: serviceAccount.name ?? "" },
  };
}

export function goPriorityLevelSpec({ type, limited, exempt }: types.PriorityLevelConfigurationSpec): object {
  return {
    Type: type ?? "",
    Limited:
      limited === undefined
        ? null
        : {
            NominalConcurrencyShares: limited.nominalConcurrencyShares,
            LimitResponse: {
              Type: limited.limitResponse?.type ?? "",
              Queuing: goQueuing(limited.limitResponse?.queuing),
            },
            LendablePercent: limited.lendablePercent,
            BorrowingLimitPercent: limited.borrowingLimitPercent ?? null,
          },
    Exempt:
      exempt === undefined
        ? null
        : { NominalConcurrencyShares: exempt.nominalConcurrencyShares, LendablePercent: exempt.lendablePercent },
  };
}

function goQueuing(queuing: types.QueuingConfiguration | undefined): object | null {
  return queuing === undefined
    ? null
    : { Queues: queuing.queues, HandSize: queuing.handSize, QueueLengthLimit: queuing.queueLengthLimit };
}
