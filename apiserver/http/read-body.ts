import type { Readable } from "node:stream";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { clientGone } from "./exchange.ts";

const empty = Buffer.alloc(0);

/**
 * All of a request's body. Rejects with RequestEntityTooLarge as soon as more than `limitBytes` have come, or are announced;
 * the rest is then read and forgotten so that the answer can be sent.
 */
export function readAll(stream: Readable, limitBytes: number, announced: string | undefined): Promise<Buffer> {
  if (announced === "0" || stream.readableEnded) {
    return Promise.resolve(empty);
  }
  if (announced !== undefined && Number(announced) > limitBytes) {
    stream.resume();
    return Promise.reject(tooLarge(limitBytes));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    stream.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limitBytes) {
        chunks.length = 0;
        reject(tooLarge(limitBytes));
      } else {
        chunks.push(chunk);
      }
    });
    stream.once("end", () => {
      if (isBrokenOff(stream)) {
        reject(clientGone);
      } else {
        resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
      }
    });
    stream.once("error", reject);
    stream.once("close", () => reject(clientGone));
  });
}

/** An HTTP/2 stream that is reset, or whose connection breaks, ends like one whose body is complete, but for its code. */
function isBrokenOff(stream: Readable & { readonly aborted?: boolean; readonly rstCode?: number }): boolean {
  return stream.aborted === true || (stream.rstCode ?? 0) !== 0;
}

function tooLarge(limitBytes: number): ApiError {
  return ApiError.requestEntityTooLarge(`limit is ${limitBytes}`);
}
