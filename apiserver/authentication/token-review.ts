import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { TokenAuthenticator } from "./authenticator.ts";
import { bearerToken } from "./bearer.ts";
import { withAuthenticatedGroup } from "./chain.ts";

export interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly user: Partial<UserInfo>;
  readonly audiences?: readonly string[];
  readonly error?: string;
}

/** The status of a TokenReview: whom the token stands for (pkg/registry/authentication/tokenreview). Never throws for a bad token. */
export async function evaluateTokenReview(
  spec: { readonly token?: string; readonly audiences?: readonly string[] },
  tokens: TokenAuthenticator,
  serverAudiences: readonly string[],
): Promise<TokenReviewStatus> {
  if (!spec.token) throw ApiError.badRequest("token is required for TokenReview in authentication");
  const wanted = spec.audiences !== undefined && spec.audiences.length > 0 ? spec.audiences : serverAudiences;
  // The token goes the way of a header's, so spaces around it do not matter and spaces within end it.
  const found = bearerToken(`Bearer ${spec.token}`);
  try {
    const answer =
      found !== undefined && "token" in found ? await tokens.authenticateToken(found.token, wanted) : undefined;
    if (answer === undefined) return { user: {}, error: "invalid bearer token" };
    // Credentials that know no audiences are good for the server's own.
    const audiences = answer.audiences ?? serverAudiences.filter((one) => wanted.includes(one));
    if (wanted.length > 0 && !audiences.some((one) => wanted.includes(one))) {
      return { user: {}, error: "invalid bearer token" };
    }
    return { authenticated: true, user: withAuthenticatedGroup(answer.user), audiences };
  } catch (error) {
    return { user: {}, error: error instanceof Error ? error.message : String(error) };
  }
}
