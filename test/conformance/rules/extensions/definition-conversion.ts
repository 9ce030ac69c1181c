import { notDNS1035Label, outside } from "../messages.ts";
import {
  type Change,
  forbidden,
  invalid,
  type JsonObject,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";

const place = "spec.conversion.webhookClientConfig";
const versions = "spec.conversion.conversionReviewVersions";
const notSet = "should not be set when strategy is not set to Webhook";

const by = (webhook: JsonObject | undefined): Change => ({
  "spec.conversion": { strategy: "Webhook", ...(webhook === undefined ? {} : { webhook }) },
});
const url = { url: "https://a" };
const at = (clientConfig: JsonObject): Change => by({ clientConfig, conversionReviewVersions: ["v1"] });
const speaking = (list: readonly string[]): Change => by({ clientConfig: url, conversionReviewVersions: list });

export const conversion: readonly Rule[] = [
  {
    says: "objects are converted by a webhook, or by nothing",
    accepts: [{ "spec.conversion": { strategy: "None" } }, at(url)],
    refuses: [
      refused({ "spec.conversion": { strategy: "" } }, required("spec.conversion.strategy")),
      refused(
        { "spec.conversion": { strategy: "Script" } },
        notSupported("spec.conversion.strategy", "Script", ["None", "Webhook"]),
      ),
      refused(
        { "spec.conversion": { strategy: "None", webhook: { clientConfig: url, conversionReviewVersions: ["v1"] } } },
        forbidden(place, notSet),
        forbidden(versions, notSet),
      ),
    ],
  },
  {
    says: "a webhook is reached by a URL or by a service",
    accepts: at({ service: { namespace: "default", name: "a" } }),
    refuses: [
      refused(by(undefined), required(place, "required when strategy is set to Webhook"), required(versions)),
      refused(at({}), required(place, "exactly one of url or service is required")),
      refused(
        at({ url: "http://a" }),
        invalid(`${place}.url`, "http", "'https' is the only allowed URL scheme; desired format: https://host[/path]"),
      ),
      refused(
        at({ service: { namespace: "default", name: "", port: 0 } }),
        required(`${place}.service.namespace`),
        invalid(`${place}.service.port`, 0, `port is not valid: ${outside(1, 65_535)}`),
      ),
    ],
  },
  {
    says: "a version of reviews is told that is known",
    accepts: [["v1"], ["v1beta1"], ["v9", "v1"]].map(speaking),
    refuses: [
      refused(speaking([]), required(versions)),
      refused(speaking(["v1", "v1"]), invalid(`${versions}[1]`, "v1", "duplicate version")),
      refused(speaking(["v1", "2"]), invalid(`${versions}[1]`, "2", notDNS1035Label)),
      refused(speaking(["v9"]), invalid(versions, ["v9"], "must include at least one of v1, v1beta1")),
    ],
  },
];

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const pem = (type: string): string => `-----BEGIN ${type}-----\nAAAA\n-----END ${type}-----\n`;

/** A new definition may have any bundle; what is established has a good one, or the one it had. */
export const conversionChanges: readonly Rule[] = [
  {
    says: "a bundle has a certificate",
    accepts: at(url),
    refuses: [
      ["a", "unable to parse bytes as PEM block"],
      [pem("CERTIFICATE"), "failed to parse certificate: x509: malformed certificate"],
      [pem("PUBLIC KEY"), "no valid certificate authority data seen"],
    ].map(([text, problem]) =>
      refused(
        at({ ...url, caBundle: base64(text!) }),
        invalid(`${place}.caBundle`, base64(text!), `unable to load root certificates: ${problem}`),
      ),
    ),
  },
  {
    says: "what could not be established for its bundle may have another such",
    stored: at({ ...url, caBundle: base64("a") }),
    accepts: [{}, at({ ...url, caBundle: base64("b") })],
    refuses: refused(speaking(["v9"]), invalid(versions, ["v9"], "must include at least one of v1, v1beta1")),
  },
];
