import {
  type AccessAnswer,
  type AccessCheck,
  type AccessQuestion,
  AuthorizerValue,
  ResourceCheck,
} from "../../../apimachinery/cel/mod.ts";
import type { Authorizer, Decision } from "../../authorization/authorizer.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { namespaceOf } from "./target.ts";

/** `authorizer` and `authorizer.requestResource` of one write. */
export interface AuthorizerValues {
  readonly authorizer: AuthorizerValue;
  readonly requestResource: ResourceCheck;
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
  readonly #known = new Map<string, AccessAnswer>();
  readonly values: AuthorizerValues;

  constructor(authorizer: Authorizer, attributes: AdmissionAttributes) {
    this.#authorizer = authorizer;
    const { definition, subresource, name, user } = attributes;
    const { group, plural: resource } = definition;
    const check: AccessCheck = (question) => this.#ask(question);
    const value = new AuthorizerValue(user, check);
    const namespace = namespaceOf(attributes);
    this.values = {
      authorizer: value,
      requestResource: new ResourceCheck(value, { group, resource, subresource, namespace, name }),
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

  #ask(question: AccessQuestion): AccessAnswer {
    const key = JSON.stringify(question);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const decision = this.#authorizer.authorize(question);
    if (decision instanceof Promise) {
      throw new Waiting(
        decision.then(
          (settled) => void this.#known.set(key, answerOf(settled)),
          (error: Error) => void this.#known.set(key, { allowed: false, reason: "", error: error.message }),
        ),
      );
    }
    const answer = answerOf(decision);
    this.#known.set(key, answer);
    return answer;
  }
}

function answerOf(decision: Decision): AccessAnswer {
  const { reason } = decision;
  if (decision.decision === "allow") return { allowed: true, reason };
  const error = decision.evaluationError;
  return { allowed: false, reason, ...(error === undefined ? {} : { error }) };
}
