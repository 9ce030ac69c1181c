import { type Activation, type CelError, type Program, perCallLimit } from "../../cel/mod.ts";
import type { FieldError } from "../../field/error.ts";
import { duplicate, forbidden, formatFieldError, invalid, omittedValue, required } from "../../field/errors.ts";
import { goQuote } from "../../text/go-quote.ts";
import { nowhere } from "../outcome.ts";
import type { ValidationRule } from "../props.ts";
import type { CompiledRule } from "./compile.ts";

// Rules and texts: apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go, validateExpressions.

/** apiserver/pkg/apis/cel MaxEvaluatedMessageExpressionSizeBytes. */
const maxMessageBytes = 5 * 1024;
const outOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";

export interface RuleSubject {
  readonly value: unknown;
  /** The schema's type. */
  readonly type: string;
  readonly place: string;
  readonly activation: Activation;
  /** For rules whose oldSelf is optional. */
  readonly optionalActivation: Activation;
  readonly hasOldSelf: boolean;
  readonly budget: number;
  isUnchanged(): boolean;
  /** Told what is let be because it has not changed. */
  readonly warn?: ((text: string) => void) | undefined;
}

export interface RuleAnswers {
  readonly errors: readonly FieldError[];
  /** What is left; negative: no further rule may be asked. */
  readonly budget: number;
}

interface State {
  readonly errors: FieldError[];
  budget: number;
}

/** Asks each rule about one value. */
export function evaluateRules(rules: readonly CompiledRule[], subject: RuleSubject): RuleAnswers {
  const state: State = { errors: [], budget: subject.budget };
  const place = subject.place === "" ? nowhere : subject.place;
  if (state.budget <= 0) return { errors: [invalid(place, subject.type, outOfBudget)], budget: -1 };
  for (const rule of rules) {
    const complaint = evaluateRule(rule, subject, place, state);
    if (complaint !== undefined) state.errors.push(invalid(place, subject.type, complaint));
    if (state.budget < 0) break;
  }
  return state;
}

/** Refusals go to the state; what keeps the rule from being asked is returned. */
function evaluateRule(compiled: CompiledRule, subject: RuleSubject, place: string, state: State): string | undefined {
  const { rule, program, error } = compiled;
  if (error !== undefined) return `rule compile error: ${error}`;
  if (program === undefined) return undefined;
  const optional = rule.optionalOldSelf === true;
  // A rule about a change has nothing to say of what is new.
  if (compiled.usesOldSelf && !subject.hasOldSelf && !optional) return undefined;
  const activation = optional ? subject.optionalActivation : subject.activation;
  const outcome = program.evaluate(activation, { costLimit: perCallLimit });
  if (outcome.cost > state.budget) {
    state.budget = -1;
    return outOfBudget;
  }
  state.budget -= outcome.cost;
  if ("error" in outcome) {
    if (outcome.error.reason === "cost") state.budget = -1;
    return failureText(outcome.error, rule);
  }
  if (outcome.value === true) return undefined;
  const refusal = refusalOf(compiled, subject, activation, place, state);
  if (compiled.usesOldSelf || !subject.isUnchanged()) state.errors.push(refusal);
  else subject.warn?.(formatFieldError(refusal));
  return undefined;
}

function failureText({ message, reason }: CelError, rule: ValidationRule): string {
  const said = ruleText(rule);
  if (message.startsWith("no such overload")) {
    return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${said}`;
  }
  if (reason === "cost") {
    return `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${said}`;
  }
  return `${message} evaluating rule: ${said}`;
}

const ruleText = ({ message = "", rule }: ValidationRule): string => (message === "" ? rule : message).trim();

function refusalOf(
  compiled: CompiledRule,
  subject: RuleSubject,
  activation: Activation,
  place: string,
  state: State,
): FieldError {
  const { rule, fieldPath } = compiled;
  const at = fieldPath === "" ? place : place === nowhere ? fieldPath : joined(place, fieldPath);
  const message = compiled.message === undefined ? undefined : messageOf(compiled, activation, state);
  if (message !== undefined && "error" in message) return invalid(at, subject.type, message.error);
  const fallback = rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`;
  const whole = subject.type === "object" || subject.type === "array";
  return errorFor(rule.reason, at, whole ? omittedValue : subject.value, message?.text ?? fallback);
}

const joined = (place: string, inner: string): string => (inner.startsWith("[") ? place + inner : `${place}.${inner}`);

function errorFor(reason: string | undefined, place: string, value: unknown, detail: string): FieldError {
  switch (reason) {
    case "FieldValueForbidden":
      return forbidden(place, detail);
    case "FieldValueRequired":
      return required(place, detail);
    case "FieldValueDuplicate":
      return duplicate(place, value);
    default:
      return invalid(place, value, detail);
  }
}

type Message = { readonly text: string } | { readonly error: string };

/** The message an expression makes; undefined where it makes none that can be shown. */
function messageOf({ rule, message }: CompiledRule, activation: Activation, state: State): Message | undefined {
  const outcome = (message as Program).evaluate(activation, { costLimit: perCallLimit });
  if (outcome.cost > state.budget) {
    state.budget = -1;
    return {
      error:
        "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run",
    };
  }
  if ("error" in outcome) {
    if (outcome.error.reason === "cost") {
      state.budget = -1;
      const text = goQuote(rule.messageExpression ?? "");
      return {
        error: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${text}`,
      };
    }
    state.budget -= outcome.cost;
    return undefined;
  }
  state.budget -= outcome.cost;
  const text = typeof outcome.value === "string" ? outcome.value.trim() : "";
  return text === "" || text.includes("\n") || Buffer.byteLength(text) > maxMessageBytes ? undefined : { text };
}
