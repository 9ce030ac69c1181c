/**
 * What happened to a container or to a sandbox, which is a container too. Times are nanoseconds since 1970, rounded to a
 * double.
 *
 * An exit may be told before the runtime's own ContainerStatus knows of it (containerd: 5–50 ms): believe the event.
 */
export type ContainerEvent =
  /** Of what happened before, some may not have been told: list. The first event, and the first after every interruption. */
  | { readonly kind: "resync" }
  | { readonly kind: "created"; readonly containerId: string }
  | { readonly kind: "started"; readonly containerId: string }
  | {
      readonly kind: "exited";
      readonly containerId: string;
      /** 128 + the signal's number where one ended it. Undefined: the runtime does not tell, ask for its status. */
      readonly exitCode?: number;
      readonly exitedAt: number;
    }
  /** The kernel killed one of its processes for want of memory. */
  | { readonly kind: "oom"; readonly containerId: string }
  | { readonly kind: "deleted"; readonly containerId: string };
