// What people have called themselves, their groups and their files, made safe to stand beside other words.

/** They turn or break the line for whatever follows: a file seems to end in another way than it does, a sentence to say another thing. */
const TRICKS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu
/** Something that an eye can see; the last five are letters without ink. */
const INK = /[^\p{Cc}\p{Cf}\p{Z}\u115f\u1160\u2800\u3164\uffa0]/u

/** Undefined for what nobody would see. */
export function bare(name: string | null | undefined): string | undefined {
  const plain = name?.replace(TRICKS, ' ').trim()
  return plain && INK.test(plain) ? plain : undefined
}

/** For a sentence of whatever direction: two names that follow each other in another one would change places. */
export const isolated = (name: string): string => `\u2068${name}\u2069`
