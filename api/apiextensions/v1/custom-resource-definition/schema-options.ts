/** Which rules hold: those that an older version of the definition broke are not asked of a newer one. */
export interface SchemaOptions {
  readonly requireOpenAPISchema: boolean;
  readonly requireValidPropertyType: boolean;
  readonly requireStructuralSchema: boolean;
  readonly requirePrunedDefaults: boolean;
  readonly requireAtomicSetType: boolean;
  readonly requireMapListKeysMapSetValidation: boolean;
  readonly requireImmutableNames: boolean;
  readonly requireRecognizedConversionReviewVersion: boolean;
  readonly allowInvalidCABundle: boolean;
  /** Versions whose schema is as it was: what its rules cost is not asked again. */
  readonly unchangedSchemas: ReadonlySet<string>;
  /** Names of versions that had too many selectable fields, and have the same. "" stands for all. */
  readonly tooManySelectableFields: ReadonlySet<string>;
}
