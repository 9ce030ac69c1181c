import { type Command, InvalidArgumentError, Option } from "commander";
import { time } from "./numbers.ts";

/** How tokens of service accounts are made and known, under upstream's names. */
export interface ServiceAccountFlags {
  /** The first makes tokens, those of all are accepted. */
  readonly serviceAccountIssuer: readonly string[];
  readonly serviceAccountKeyFile?: readonly string[];
  readonly serviceAccountSigningKeyFile?: string;
  readonly serviceAccountSigningEndpoint?: string;
  readonly serviceAccountJwksUri?: string;
  readonly serviceAccountMaxTokenExpiration: number;
  readonly serviceAccountExtendTokenExpiration: string;
  readonly apiAudiences?: readonly string[];
}

const defaultIssuer = ["https://kubernetes.default.svc.cluster.local"];
const minMs = 3_600_000;
const maxMs = 2 ** 32 * 1000;

export function addServiceAccountFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--service-account-issuer <url>",
        "issuer of service account tokens; given again: another one whose tokens are accepted too",
      )
        .argParser(another(issuer))
        .default(defaultIssuer, defaultIssuer[0]),
    )
    .addOption(
      new Option(
        "--service-account-key-file <file>",
        "PEM file: keys, public or private, whose service account tokens are accepted beside the signing key's; may be given again",
      ).argParser(another((file) => file)),
    )
    .option(
      "--service-account-signing-key-file <file>",
      "PEM file: the key that signs service account tokens (default: sa.key in the data directory)",
    )
    .option(
      "--service-account-signing-endpoint <socket>",
      "socket of an external signer of service account tokens (externaljwt v1), whose keys are the only ones then",
    )
    .addOption(
      new Option(
        "--service-account-jwks-uri <url>",
        "where others find the keys that verify these tokens, if not at this server",
      ).argParser(httpsUrl),
    )
    .addOption(
      time(
        "--service-account-max-token-expiration <time>",
        "how long such tokens hold at most, from an hour on; 0: as long as is asked for",
      )
        .argParser(maxExpiration)
        .default(0, "0s"),
    )
    .addOption(
      new Option(
        "--service-account-extend-token-expiration <yes>",
        "whether tokens of pods hold for a year, for those who do not read them again",
      )
        .choices(["true", "false"])
        .default("true"),
    )
    .addOption(
      new Option(
        "--api-audiences <name>[,<name>]",
        "whom tokens must be for, to be good for the API (default: the issuers)",
      ).argParser((text) => text.split(",")),
    );
}

/** A flag that may be given again; its default is not kept then. */
function another(check: (text: string) => string): (text: string, before: readonly string[] | undefined) => string[] {
  return (text, before) => {
    const earlier = before === undefined || before === defaultIssuer ? [] : before;
    if (earlier.includes(text)) throw new InvalidArgumentError("this is given already");
    return [...earlier, check(text)];
  };
}

function issuer(text: string): string {
  if (text === "") throw new InvalidArgumentError("it should not be empty");
  if (text.includes(":") && !URL.canParse(text)) throw new InvalidArgumentError("it has a ':' but is no URL");
  return text;
}

function httpsUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== "https:") {
    throw new InvalidArgumentError("this is an https URL");
  }
  return text;
}

function maxExpiration(text: string): number {
  const ms = time("-x <x>", "").parseArg!(text, 0) as number;
  if (ms !== 0 && (ms < minMs || ms > maxMs)) {
    throw new InvalidArgumentError("it must be between 1 hour and 2^32 seconds");
  }
  return ms;
}
