/** Who asks: a user in one of their sessions. Everything the domain does is done for an actor. */
export type Actor = { readonly user_id: string; readonly session_id: string }

/** An actor together with the end of the token that proved it. */
export type VerifiedActor = Actor & { readonly expires_at: Date }
