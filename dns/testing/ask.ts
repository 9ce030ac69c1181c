import { createSocket } from "node:dgram";
import { connect } from "node:net";
import dnsPacket from "dns-packet";

/** An answer as another implementation reads it. */
export interface Read {
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  /** `NAME TTL TYPE DATA` a record. */
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: readonly string[];
  readonly bytes: Buffer;
}

export interface AskOptions {
  readonly port: number;
  readonly type?: string;
  readonly tcp?: boolean;
  /** Size for EDNS; none without. */
  readonly edns?: number;
}

/** Asks a server at 127.0.0.1 with a message made by dns-packet. */
export async function ask(name: string, { port, type = "A", tcp = false, edns }: AskOptions): Promise<Read> {
  const query = dnsPacket.encode({
    type: "query",
    id: 4711,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: type as "A", name }],
    ...(edns === undefined
      ? {}
      : {
          additionals: [
            {
              type: "OPT",
              name: ".",
              udpPayloadSize: edns,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
        }),
  });
  const bytes = tcp ? await overTcp(query, port) : await overUdp(query, port);
  return read(bytes);
}

export function read(bytes: Buffer): Read {
  const packet = dnsPacket.decode(bytes);
  const text = (records: readonly dnsPacket.Answer[] | undefined): string[] =>
    (records ?? [])
      .filter(({ type }) => type !== "OPT")
      .map((record) => {
        const { name, ttl, type, data } = record as { name: string; ttl: number; type: string; data: unknown };
        return `${name} ${ttl} ${type} ${dataText(data)}`;
      });
  const flags = bytes.readUInt16BE(2);
  return {
    rcode: (packet as { rcode?: string }).rcode ?? "",
    authoritative: (flags & dnsPacket.AUTHORITATIVE_ANSWER) !== 0,
    truncated: (flags & dnsPacket.TRUNCATED_RESPONSE) !== 0,
    answers: text(packet.answers),
    authorities: text(packet.authorities),
    additionals: text(packet.additionals),
    bytes,
  };
}

function dataText(data: unknown): string {
  if (typeof data === "string") return data;
  if (Array.isArray(data)) return data.map(String).join(" ");
  if (data instanceof Uint8Array) return Buffer.from(data).toString("hex");
  const { priority, weight, port, target, mname, rname, minimum } = data as Record<string, string | number>;
  return target === undefined ? `${mname} ${rname} ${minimum}` : `${priority} ${weight} ${port} ${target}`;
}

export function overUdp(query: Uint8Array, port: number, timeoutMs = 3_000): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const timer = setTimeout(() => {
      socket.close();
      reject(new Error("no answer"));
    }, timeoutMs);
    socket.on("message", (bytes) => {
      clearTimeout(timer);
      socket.close();
      resolve(bytes);
    });
    socket.send(query, port, "127.0.0.1");
  });
}

function overTcp(query: Buffer, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let got = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("data", (data) => {
      got = Buffer.concat([got, data]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return;
      socket.destroy();
      resolve(got.subarray(2));
    });
    // In two pieces, as networks may cut it.
    const framed = Buffer.concat([Buffer.of(query.length >> 8, query.length & 0xff), query]);
    socket.write(framed.subarray(0, 5));
    setTimeout(() => socket.write(framed.subarray(5)), 5);
  });
}
