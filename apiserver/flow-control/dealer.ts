import { createHash } from "node:crypto";

/** Upstream's limit on the hash that a hand is dealt from (apiserver/pkg/util/shufflesharding). */
export const maxHashBits = 60;

/**
 * The queues that a flow may wait in: `handSize` different ones of `queues`, the same for the same hash, and each hand as
 * likely as any other. Two flows share all of their queues with a chance of one to the number of hands.
 */
export function deal(hash: bigint, queues: number, handSize: number): readonly number[] {
  const remainders: number[] = [];
  let rest = hash;
  for (let i = 0; i < handSize; i++) {
    const size = BigInt(queues - i);
    remainders.push(Number(rest % size));
    rest /= size;
  }
  // The i-th remainder counts only the queues that are not in the hand yet.
  return remainders.map((remainder, i) => {
    let card = remainder;
    for (let j = i; j > 0; j--) {
      if (card >= remainders[j - 1]!) card++;
    }
    return card;
  });
}

/** What a flow is dealt its hand by: the first 64 bits of SHA-256 over the schema's name and the distinguisher (hashFlowID). */
export function hashOfFlow(flowSchema: string, distinguisher: string): bigint {
  return createHash("sha256").update(`${flowSchema}\0${distinguisher}`).digest().readBigUInt64LE(0);
}
