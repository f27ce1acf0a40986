/** JSON that is a `T`, for whoever only passes it on. */
export type JsonText<T> = string & { readonly of?: T }
