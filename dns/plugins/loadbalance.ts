import type { Random } from "../../base/random.ts";
import { type Outcome, type Plugin, then } from "../plugin.ts";
import type { ResourceRecord } from "../wire/response.ts";

/** Shuffles addresses, aliases before them, so that clients that take the first spread over all (CoreDNS plugin/loadbalance). */
export function loadbalance(random: Random): Plugin {
  const shuffle = (outcome: Outcome): Outcome => {
    if (outcome.kind !== "answer" || outcome.answer.answers.length < 2) return outcome;
    return { ...outcome, answer: { ...outcome.answer, answers: shuffled(outcome.answer.answers, random) } };
  };
  return { name: "loadbalance", handler: (next) => (request, signal) => then(next(request, signal), shuffle) };
}

function shuffled(records: readonly ResourceRecord[], random: Random): readonly ResourceRecord[] {
  const isAddress = ({ type }: ResourceRecord): boolean => type === "A" || type === "AAAA";
  const addresses = records.filter(isAddress);
  for (let i = addresses.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [addresses[i], addresses[j]] = [addresses[j] as ResourceRecord, addresses[i] as ResourceRecord];
  }
  return [...records.filter((record) => !isAddress(record)), ...addresses];
}
