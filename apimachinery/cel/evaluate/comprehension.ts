import type { ComprehensionExpression } from "../syntax/ast.ts";
import { CelError } from "../values/error.ts";
import { typeOf } from "../values/kind.ts";
import { GrowingList, ListValue, LiteralMap, MapValue, type Result, type Value } from "../values/value.ts";
import type { Evaluate, Frame, Step } from "./frame.ts";
import type { Planner } from "./planner.ts";

/** Plans the one loop of CEL, or a `cel.bind`, which is a loop that never turns. */
export function planLoop(planner: Planner, e: ComprehensionExpression): Step {
  if (planner.isBind(e)) return planBind(planner, e);
  const range = planner.step(e.range).evaluate;
  const initial = planner.step(e.initial);
  return planner.within([e.accumulator], ([accumulator]) => {
    const names = e.variable2 === undefined ? [e.variable] : [e.variable, e.variable2];
    const loop = planner.within(names, (slots) => ({
      slots,
      condition: planner.step(e.condition),
      step: planner.step(e.step).evaluate,
    }));
    const result = planner.step(e.result).evaluate;
    const endless = loop.condition.constant?.value === true;
    const condition = endless ? undefined : loop.condition.evaluate;
    const turn = turnOf(accumulator!, condition, loop.step);
    const walk =
      e.variable2 === undefined ? walkOne(loop.slots[0]!, turn) : walkTwo(loop.slots[0]!, loop.slots[1]!, turn);
    const start = startOf(initial);
    return {
      evaluate: (frame) => {
        const items = range(frame);
        if (items instanceof CelError) return items;
        if (!(items instanceof ListValue) && !(items instanceof MapValue)) {
          return new CelError(`got '${typeOf(items).name}', expected iterable type`);
        }
        frame.slots[accumulator!] = start(frame);
        walk(frame, items);
        const value = result(frame);
        return value instanceof GrowingList ? value.finished() : value;
      },
    };
  });
}

/** An empty list or map at the start grows in place: nothing but the loop sees it meanwhile. */
function startOf(initial: Step): Evaluate {
  return (frame) => {
    const value = initial.evaluate(frame);
    if (value instanceof ListValue && value.size() === 0) return new GrowingList();
    return value instanceof MapValue && value.size() === 0 ? new LiteralMap() : value;
  };
}

/** One turn; false ends the loop. */
type Turn = (frame: Frame) => boolean;

function turnOf(accumulator: number, condition: Evaluate | undefined, step: Evaluate): Turn {
  return (frame) => {
    if (condition !== undefined && condition(frame) === false) return false;
    frame.slots[accumulator] = step(frame);
    frame.turn();
    return true;
  };
}

function walkOne(slot: number, turn: Turn): (frame: Frame, items: ListValue | MapValue) => void {
  return (frame, items) => {
    if (items instanceof ListValue) {
      const size = items.size();
      for (let index = 0; index < size; index++) {
        frame.slots[slot] = items.at(index);
        if (!turn(frame)) return;
      }
      return;
    }
    for (const key of items.keys()) {
      frame.slots[slot] = key;
      if (!turn(frame)) return;
    }
  };
}

function walkTwo(first: number, second: number, turn: Turn): (frame: Frame, items: ListValue | MapValue) => void {
  return (frame, items) => {
    const list = items instanceof ListValue;
    const keys: readonly Value[] = list
      ? Array.from({ length: items.size() }, (_, index) => BigInt(index))
      : items.keys();
    for (const [index, key] of keys.entries()) {
      frame.slots[first] = key;
      frame.slots[second] = list ? items.at(index) : (items.get(key) as Result);
      if (!turn(frame)) return;
    }
  };
}

/** The bound expression is worked out where its name is first read, or never. */
function planBind(planner: Planner, e: ComprehensionExpression): Step {
  const initial = planner.step(e.initial).evaluate;
  return planner.within([e.accumulator], ([slot]) => {
    const result = planner.lazily(slot!, initial, () => planner.step(e.result).evaluate);
    return {
      evaluate: (frame) => {
        frame.slots[slot!] = undefined;
        return result(frame);
      },
    };
  });
}
