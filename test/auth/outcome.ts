import { AppError } from '../../src/contract/errors.js'

/** `ok`, or the code of the refusal; what is no refusal is thrown. */
export async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'ok'
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}
