import type { ContainerEventResponse } from "../generated/messages.ts";
import type { RuntimeService } from "../runtime-service.ts";
import type { ContainerEvent } from "./container-event.ts";

/**
 * One stream of the CRI's GetContainerEvents; ends or throws when the stream does. The protocol does not tell when the runtime
 * has begun to listen: the consumer is asked to list at the beginning, and again with the first event, for what may lie between.
 */
export async function* criEvents(
  runtime: RuntimeService,
  signal: AbortSignal,
): AsyncGenerator<ContainerEvent, undefined> {
  const stream = runtime.getContainerEvents({}, signal);
  yield { kind: "resync" };
  let isFirst = true;
  for await (const event of stream) {
    if (isFirst) yield { kind: "resync" };
    isFirst = false;
    yield eventOf(event);
  }
}

function eventOf({
  containerEventType,
  containerId,
  createdAt,
  containersStatuses,
}: ContainerEventResponse): ContainerEvent {
  switch (containerEventType) {
    case "CONTAINER_CREATED_EVENT":
      return { kind: "created", containerId };
    case "CONTAINER_STARTED_EVENT":
      return { kind: "started", containerId };
    case "CONTAINER_DELETED_EVENT":
      return { kind: "deleted", containerId };
    case "CONTAINER_STOPPED_EVENT": {
      const status = containersStatuses.find(({ id, state }) => id === containerId && state === "CONTAINER_EXITED");
      if (status === undefined) return { kind: "exited", containerId, exitedAt: createdAt };
      return { kind: "exited", containerId, exitCode: status.exitCode, exitedAt: status.finishedAt };
    }
    default:
      // A kind that this version does not know: something has happened.
      return { kind: "resync" };
  }
}
