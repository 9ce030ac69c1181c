import { type Command, Option } from "commander";
import { time } from "./numbers.ts";
import { addSigningFlags, type SigningFlags } from "./signing-options.ts";

/** What controllers are told, wherever they run; under upstream's names. */
export interface ControllerFlags extends SigningFlags {
  readonly allocateNodeCidrs: string;
  readonly legacyServiceAccountTokenCleanUpPeriod: number;
}

export function addControllerFlags(command: Command): Command {
  return addSigningFlags(command)
    .addOption(
      new Option("--allocate-node-cidrs <yes>", "whether each node gets a part of the range of pod addresses")
        .choices(["true", "false"])
        .default("true"),
    )
    .addOption(
      time(
        "--legacy-service-account-token-clean-up-period <time>",
        "how long tokens of secrets that were made by themselves stay unused before they are refused, and then deleted",
      ).default(8760 * 3_600_000, "8760h"),
    );
}
