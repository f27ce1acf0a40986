/** By the code of old for whatever an input method has taken: Safari ends a composition before it tells of the Enter that ended it. */
const TAKEN = 229

/** A key that is part of a word, and no wish. */
export const isComposing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === TAKEN
