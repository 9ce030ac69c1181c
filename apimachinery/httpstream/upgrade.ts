import type { Duplex } from "node:stream";

/** Header fields as they stand on the wire, in order. */
export type RawHeaders = readonly (readonly [name: string, value: string])[];

export interface UpgradeAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Status line and headers as they came, the empty line included. */
  readonly head: Buffer;
  /** What came behind the head in the same breath. */
  readonly rest: Buffer;
}

const maxHeadBytes = 64 * 1024;
const headEnd = Buffer.from("\r\n\r\n");

/** Whether a request asks for another protocol (k8s.io/apimachinery/pkg/util/httpstream IsUpgradeRequest). */
export function isUpgradeRequest(header: (name: string) => string | undefined): boolean {
  return /\bupgrade\b/i.test(header("connection") ?? "") && (header("upgrade") ?? "") !== "";
}

/** A request without a body, as bytes. Values must come from a parsed request: they are not looked at again. */
export function requestHead(method: string, path: string, headers: RawHeaders): string {
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${method} ${path} HTTP/1.1\r\n${fields}\r\n`;
}

/** Reads an answer up to the end of its head; the socket is left paused. Rejects where it ends before, or is no HTTP. */
export function readAnswerHead(socket: Duplex): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    const stop = (): void => {
      socket.off("data", take).off("error", fail).off("end", ended).off("close", ended);
      socket.pause();
    };
    const fail = (error: Error): void => {
      stop();
      reject(error);
    };
    const ended = (): void => fail(new Error("unexpected EOF"));
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf(headEnd);
      if (end < 0) {
        if (bytes.length > maxHeadBytes) fail(new Error("the answer's headers are too long"));
        return;
      }
      const head = bytes.subarray(0, end + headEnd.length);
      const answer = parseHead(head, bytes.subarray(head.length));
      if (answer === undefined) fail(new Error("malformed HTTP response"));
      else {
        stop();
        resolve(answer);
      }
    };
    socket.on("data", take).on("error", fail).on("end", ended).on("close", ended);
  });
}

function parseHead(head: Buffer, rest: Buffer): UpgradeAnswer | undefined {
  const [line, ...fields] = head.toString("latin1").trimEnd().split("\r\n");
  const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line ?? "");
  if (match === null) return undefined;
  const headers = new Map<string, string>();
  for (const field of fields) {
    const colon = field.indexOf(":");
    if (colon <= 0) continue;
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { status: Number(match[1]), headers, head, rest };
}

/**
 * Carries bytes both ways until either side ends, which then ends the other after what was under way. Resolves when both
 * are closed. At most the sockets' own buffers are held.
 */
export function joinSockets(one: Duplex, other: Duplex): Promise<void> {
  const carry = (from: Duplex, to: Duplex): Promise<void> =>
    new Promise((resolve) => {
      const closed = (): void => {
        to.end(() => to.destroy());
        resolve();
      };
      from.on("error", () => {});
      from.pipe(to);
      if (from.destroyed) closed();
      else from.once("close", closed);
    });
  return Promise.all([carry(one, other), carry(other, one)]).then(() => {});
}
