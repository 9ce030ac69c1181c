import { connect } from "node:net";
import { onAbort } from "../../base/cancellation.ts";
import { dialError, failure, hostPort, type ProbeOutcome, success } from "./probe-outcome.ts";

export interface TcpProbe {
  readonly host: string;
  readonly port: number;
  /** Aborts when time is up. */
  readonly signal: AbortSignal;
}

/** Whether somebody listens (pkg/probe/tcp). */
export function probeTcp({ host, port, signal }: TcpProbe): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (outcome: ProbeOutcome): void => {
      limit[Symbol.dispose]();
      socket.destroy();
      resolve(outcome);
    };
    socket.once("connect", () => end(success("")));
    socket.once("error", (error) => end(failure(dialError(error, host, port))));
    const limit = onAbort(signal, () => end(failure(`dial tcp ${hostPort(host, port)}: i/o timeout`)));
  });
}
