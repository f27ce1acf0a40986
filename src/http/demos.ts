/** The demos of this node, which are clients of it: so they are constructed above, by app.ts. */
export type Demos = {
  /** The room in which two people talk to this user. */
  of(userId: string): string | undefined
  /** Begins one, and answers its room. @throws AppError demo.running, overloaded */
  begin(userId: string): Promise<string>
}
