import {
  type AskAuthorizer,
  authorizerValue,
  type Check,
  type CheckResult,
  resourceCheckValue,
} from "../../../api/admissionregistration/v1/authorizer-library.ts";
import type { OpaqueValue } from "../../../apimachinery/cel/mod.ts";
import type { UserInfo } from "../../../apimachinery/resource/object.ts";
import type { Authorizer, Decision } from "../../authorization/authorizer.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { namespaceOf } from "./target.ts";

/** `authorizer` and `authorizer.requestResource` of one write. */
export interface AuthorizerValues {
  readonly authorizer: OpaqueValue;
  readonly requestResource: OpaqueValue;
}

/** An evaluation has to wait for an authorizer; evaluate again once it has answered. */
class Waiting extends Error {
  readonly answer: Promise<void>;

  constructor(answer: Promise<void>) {
    super("waiting for an authorizer");
    this.answer = answer;
  }
}

/**
 * Answers expressions' questions of who may. Each question of a write is asked once (admission/plugin/authorizer). Evaluation
 * is synchronous, authorizers need not be: `settled` evaluates anew where one took its time.
 */
export class WriteAuthorizer {
  readonly #authorizer: Authorizer;
  readonly #user: UserInfo;
  readonly #known = new Map<string, CheckResult>();
  readonly values: AuthorizerValues;

  constructor(authorizer: Authorizer, attributes: AdmissionAttributes) {
    this.#authorizer = authorizer;
    this.#user = attributes.user;
    const { definition, subresource, name } = attributes;
    const { group, plural: resource } = definition;
    const ask: AskAuthorizer = (check) => this.#ask(check);
    this.values = {
      authorizer: authorizerValue(ask),
      requestResource: resourceCheckValue(ask, {
        group,
        resource,
        subresource,
        namespace: namespaceOf(attributes),
        name,
      }),
    };
  }

  /** Runs `evaluate`, which must change nothing, until it needs to wait no more. */
  async settled<T>(evaluate: () => T): Promise<T> {
    for (;;) {
      try {
        return evaluate();
      } catch (error) {
        if (!(error instanceof Waiting)) throw error;
        await error.answer;
      }
    }
  }

  #ask(check: Check): CheckResult {
    const key = JSON.stringify(check);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const answer = this.#authorizer.authorize(this.#attributesOf(check));
    if (answer instanceof Promise) {
      throw new Waiting(
        answer.then(
          (decision) => void this.#known.set(key, resultOf(decision)),
          (error: Error) => void this.#known.set(key, { allowed: false, reason: "", error: error.message }),
        ),
      );
    }
    const result = resultOf(answer);
    this.#known.set(key, result);
    return result;
  }

  #attributesOf(check: Check): Parameters<Authorizer["authorize"]>[0] {
    const { serviceAccount, path, fieldSelector, labelSelector, ...resource } = check;
    return {
      ...resource,
      user: serviceAccount === undefined ? this.#user : accountOf(serviceAccount),
      isResourceRequest: path === undefined,
      version: path === undefined ? "*" : "",
      path: path ?? "",
      ...(fieldSelector === "" ? {} : { fieldSelector }),
      ...(labelSelector === "" ? {} : { labelSelector }),
    };
  }
}

function resultOf(decision: Decision): CheckResult {
  const { reason } = decision;
  if (decision.decision === "allow") return { allowed: true, reason };
  const error = decision.decision === "noOpinion" ? decision.evaluationError : undefined;
  return { allowed: false, reason, ...(error === undefined ? {} : { error }) };
}

function accountOf({ namespace, name }: { readonly namespace: string; readonly name: string }): UserInfo {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
  return { username: `system:serviceaccount:${namespace}:${name}`, groups };
}
