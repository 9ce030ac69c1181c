/** What is wrong with a field. The wire's `reason` of a StatusCause (apimachinery/pkg/util/validation/field). */
export type FieldErrorType =
  | "FieldValueNotFound"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooShort"
  | "FieldValueTooMany"
  | "FieldValueTooFew"
  | "InternalError"
  | "FieldValueTypeInvalid";

/** One broken rule of one field: a value, collected, never thrown. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.containers[0].name`; empty for the object as a whole. */
  readonly field: string;
  /** What was found there; shown in the message where the type shows it. */
  readonly value?: unknown;
  readonly detail: string;
}
