import { Agent, request } from "node:https";
import type { Clock } from "../../../base/clock.ts";

/** The body of what lies at an https URL. Rejects where it cannot be had whole, or is another answer than 200. */
export type HttpGet = (url: string, bearerToken?: string) => Promise<string>;

const timeoutMs = 30_000;
/** Documents of issuers are a few kilobytes. */
const maxBytes = 1 << 20;

/** An answer came, and another than was wanted. */
export class UnexpectedStatusError extends Error {
  override readonly name = "UnexpectedStatusError";
  /** `404 Not Found` */
  readonly status: string;

  constructor(status: string, body: string) {
    super(`${status}: ${body}`);
    this.status = status;
  }
}

/** GETs over the network. `ca`: PEM of the authorities to trust instead of the machine's. */
export function httpsGet({ ca, clock }: { readonly ca?: string; readonly clock: Clock }): HttpGet {
  const agent = new Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  return (url, bearerToken) =>
    new Promise((resolve, reject) => {
      const headers = bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` };
      const sent = request(url, { agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.byteLength;
          if (length > maxBytes) sent.destroy(new Error(`the answer has more than ${maxBytes} bytes`));
          chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(chunks).toString("utf8");
          const { statusCode = 0, statusMessage = "" } = response;
          if (statusCode === 200) resolve(body);
          else reject(new UnexpectedStatusError(`${statusCode} ${statusMessage}`, body.slice(0, 1_000)));
        });
      });
      const timer = clock.setTimer(timeoutMs, () => sent.destroy(new Error(`Get "${url}": context deadline exceeded`)));
      sent.on("error", reject);
      sent.on("close", () => timer.clear());
      sent.end();
    });
}
