// Messages of rules that many fields share, in upstream's words (apimachinery/pkg/util/validation, pkg/api/validate/content).

const regex = (says: string, format: string, ...examples: readonly string[]): string => {
  const shown = examples.map((one) => `'${one}', `).join(" or ");
  return shown === ""
    ? `${says} (regex used for validation is '${format}')`
    : `${says} (e.g. ${shown}regex used for validation is '${format}')`;
};

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const keyFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/** What a name that is no DNS label is told. */
export const notLabel = regex(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label,
  "my-name",
  "123-abc",
);

/** What a name that is no DNS subdomain is told. */
export const notSubdomain = regex(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomain,
  "example.com",
);

/** What the part of a label's key behind the slash is told. */
export const notKeyName = `name part ${regex(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  keyFormat,
  "MyName",
  "my.name",
  "123-abc",
)}`;

/** What a bad value of a label is told. */
export const notLabelValue = regex(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${keyFormat})?`,
  "MyValue",
  "my_value",
  "12345",
);

export const tooManyBytes = (max: number): string => `must be no more than ${max} bytes`;
export const outOfRange = (min: number, max: number): string => `must be between ${min} and ${max}, inclusive`;
export const negative = "must be greater than or equal to 0";
export const notPositive = "must be greater than 0";
export const immutable = "field is immutable";
