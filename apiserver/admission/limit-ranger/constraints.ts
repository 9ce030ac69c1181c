import { goFloat, maxMilliValue } from "../../../api/core/v1/limit-range-validation.ts";
import type { ResourceList } from "../../../api/core/v1/pod/resource-list.ts";
import { Quantity } from "../../../apimachinery/quantity/quantity.ts";

// plugin/pkg/admission/limitranger: each answers with what is wrong, or undefined.

/** Whose bound it is, of what, and how much. */
export interface Bound {
  readonly type: string;
  readonly resource: string;
  readonly amount: string;
}

/** What is asked for. */
export interface Asked {
  readonly requests: ResourceList;
  readonly limits: ResourceList;
}

export function belowMin({ type, resource, amount }: Bound, { requests, limits }: Asked): string | undefined {
  const [request, limit] = [requests[resource], limits[resource]];
  const text = `minimum ${resource} usage per ${type} is ${amount}`;
  if (request === undefined) return `${text}.  No request is specified`;
  const [asked, most, least] = counted(request, limit, amount);
  if (asked < least) return `${text}, but request is ${request}`;
  return limit !== undefined && most < least ? `${text}, but limit is ${limit}` : undefined;
}

export function aboveMax({ type, resource, amount }: Bound, { requests, limits }: Asked): string | undefined {
  const [request, limit] = [requests[resource], limits[resource]];
  const text = `maximum ${resource} usage per ${type} is ${amount}`;
  if (limit === undefined) return `${text}.  No limit is specified`;
  const [asked, most, bound] = counted(request, limit, amount);
  if (most > bound) return `${text}, but limit is ${limit}`;
  return request !== undefined && asked > bound ? `${text}, but request is ${request}` : undefined;
}

/** For claims, which have no limits. */
export function requestAboveMax({ type, resource, amount }: Bound, { requests }: Asked): string | undefined {
  const request = requests[resource];
  const text = `maximum ${resource} usage per ${type} is ${amount}`;
  if (request === undefined) return `${text}.  No request is specified`;
  const [asked, , bound] = counted(request, undefined, amount);
  return asked > bound ? `${text}, but request is ${request}` : undefined;
}

export function aboveRatio({ type, resource, amount }: Bound, { requests, limits }: Asked): string | undefined {
  const text = `${resource} max limit to request ratio per ${type} is ${amount}, but`;
  const [asked, most] = counted(requests[resource], limits[resource], amount);
  if (asked === 0) return `${text} no request is specified or request is 0`;
  if (most === 0) return `${text} no limit is specified or limit is 0`;
  const ratio = most / asked;
  const bound = Quantity.parse(amount);
  const tooMuch = bound.value() <= maxMilliValue ? ratio * 1000 > bound.milliValue() : ratio > bound.value();
  return tooMuch ? `${text} provided ratio is ${goFloat(ratio)}` : undefined;
}

/** All three in thousandths, or in units where one is too large for that; 0 where nothing is said. */
function counted(...amounts: readonly (string | undefined)[]): [number, number, number] {
  const parsed = amounts.map((amount) => (amount === undefined ? Quantity.zero : Quantity.parse(amount)));
  const small = parsed.every((amount) => amount.value() <= maxMilliValue);
  return parsed.map((amount) => (small ? amount.milliValue() : amount.value())) as [number, number, number];
}
