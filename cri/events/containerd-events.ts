import { type Clock, isAbortOf, linkSignals, type Random } from "../../base/mod.ts";
import type { Connection } from "../connection.ts";
import type { ContainerEvent } from "./container-event.ts";
import {
  decodeEnvelope,
  encodePublish,
  encodeSubscribe,
  publishPath,
  readEvent,
  subscribePath,
  topics,
} from "./containerd-messages.ts";

export interface ContainerdEventsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  /** containerd's namespace: where its CRI plugin keeps its containers. */
  readonly namespace?: string;
}

const markerTopic = "/k8ts/subscribed";
const markerIntervalMs = 20;
const publishTimeoutMs = 5_000;

/**
 * One stream of containerd's own event service; ends or throws when the stream does.
 *
 * Nothing tells when containerd has subscribed us, so we publish a marker until it comes back: only then is it certain that
 * whatever a list after it does not show will be told. Then comes "resync", and what happens from there on.
 */
export async function* containerdEvents({
  clock,
  random,
  connection,
  signal,
  namespace = "k8s.io",
}: ContainerdEventsOptions): AsyncGenerator<ContainerEvent, undefined> {
  const headers = { "containerd-namespace": namespace };
  const marker = random.uuid();
  const subscribed = new AbortController();
  const failed = new AbortController();
  using linked = linkSignals(signal, failed.signal);
  using announcing = linkSignals(signal, subscribed.signal);
  const announce = async (): Promise<void> => {
    const request = encodePublish(markerTopic, marker);
    for (;;) {
      await connection.call({
        path: publishPath,
        request,
        headers,
        timeoutMs: publishTimeoutMs,
        signal: announcing.signal,
      });
      await clock.sleep(markerIntervalMs, announcing.signal);
    }
  };
  const request = encodeSubscribe([...topics, markerTopic]);
  const stream = connection.stream({ path: subscribePath, request, headers, signal: linked.signal });
  const announced = announce().catch((error: unknown) => {
    if (!isAbortOf(error, announcing.signal)) failed.abort(error);
  });
  try {
    for await (const bytes of stream) {
      const envelope = decodeEnvelope(bytes);
      if (envelope.topic === markerTopic) {
        if (envelope.typeUrl !== marker || subscribed.signal.aborted) continue;
        subscribed.abort();
        yield { kind: "resync" };
        continue;
      }
      const event = subscribed.signal.aborted ? readEvent(envelope) : undefined;
      if (event !== undefined) yield event;
    }
  } finally {
    subscribed.abort();
    await announced;
  }
}
