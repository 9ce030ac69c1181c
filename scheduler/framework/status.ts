/**
 * Why a node, or a whole pod, is refused. `unresolvable`: taking other pods off the node would not help, so preemption need
 * not look at it.
 */
export interface Rejection {
  readonly plugin: string;
  /** As people read them: `Insufficient cpu`. */
  readonly reasons: readonly string[];
  readonly unresolvable: boolean;
}

/** A rejection with one reason, made once and shared by all nodes it fits. */
export function rejection(plugin: string, reason: string, options: { readonly unresolvable: boolean }): Rejection {
  return Object.freeze({ plugin, reasons: Object.freeze([reason]), unresolvable: options.unresolvable });
}
