import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { ApiRequest } from "../request.ts";
import type { Until } from "../request-end.ts";

export interface Authenticated {
  readonly user: UserInfo;
  /** Audiences the credential is good for; absent where the kind of credential has none. */
  readonly audiences?: readonly string[];
  /** What the credential's kind wants the audit log to know. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
  /** Texts for `Warning` headers. */
  readonly warnings?: readonly string[];
}

/**
 * Recognizes one kind of credential. Resolves with undefined where the request carries none of its kind, so that the next
 * one is asked; throws where it carries a bad one. The chain collects the failures and answers `Unauthorized` if nobody
 * recognized the request.
 */
export interface Authenticator {
  readonly name: string;
  authenticate(request: ApiRequest): Promise<Authenticated | undefined> | Authenticated | undefined;
}

/** Recognizes bearer tokens, apart from requests: TokenReview asks it too. */
export interface TokenAuthenticator {
  readonly name: string;
  /**
   * `audiences`: whom the token must be meant for; the server's own where absent. `until`: nobody waits for the answer
   * afterwards.
   */
  authenticateToken(
    token: string,
    audiences?: readonly string[],
    until?: Until,
  ): Promise<Authenticated | undefined> | Authenticated | undefined;
}
